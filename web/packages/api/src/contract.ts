// Holds the hand-written types (types.ts, which the app reads) against the generated ones (generated.ts, what the server says of
// itself): a field that the app reads and the server no longer has fails the type check. Nothing here runs.

import type * as server from './generated.ts'
import type * as people from './person.ts'
import type * as routing from './routing.ts'
import type * as ours from './types.ts'

/** never when every key of ours that must be there is one of theirs; else the missing ones, named in the error. */
type Missing<Ours, Theirs> = Exclude<{ [K in keyof Ours]-?: undefined extends Ours[K] ? never : K }[keyof Ours], keyof Theirs>
type Held<M extends never> = M

export type Contract = [
  Held<Missing<ours.TicketRow, server.TicketRow>>,
  Held<Missing<ours.Ticket, server.Ticket>>,
  Held<Missing<ours.Thread, server.TicketThread>>,
  Held<Missing<ours.ThreadRow, server.ThreadRow>>,
  Held<Missing<ours.Conversation, server.Thread>>,
  Held<Missing<ours.TicketLink, server.TicketLink>>,
  Held<Missing<ours.Message, server.Message>>,
  Held<Missing<ours.Attachment, server.Attachment>>,
  Held<Missing<ours.Forward, server.Forward>>,
  Held<Missing<ours.AuthEvidence, server.AuthEvidence>>,
  Held<Missing<routing.Assignment, server.Assignment>>,
  Held<Missing<routing.Candidate, server.Candidate>>,
  Held<Missing<people.Contact, server.Contact>>,
  Held<Missing<people.Address, server.Address>>,
  Held<Missing<ours.KanalEvent, server.TimelineEvent>>,
  Held<Missing<ours.Session, server.Session>>,
  Held<Missing<ours.User, server.User>>,
  Held<Missing<ours.Team, server.Team>>,
  Held<Missing<ours.Inbox, server.Inbox>>,
  Held<Missing<ours.View, server.Count>>,
  Held<Missing<ours.Pipeline, server.Pipeline>>,
  Held<Missing<ours.Status, server.Status>>,
  Held<Missing<ours.Property, server.Property>>,
  Held<Missing<ours.Spec, server.Spec>>,
  Held<Missing<ours.Field, server.Field>>,
  Held<Missing<ours.Kind, server.Kind>>,
  Held<Missing<ours.Abilities, server.Abilities>>,
  Held<Missing<ours.ChannelAccount, server.Account>>,
  Held<Missing<ours.TicketPolicy, server.TicketPolicy>>,
  Held<Missing<routing.AssignPolicy, server.AssignPolicy>>,
  Held<Missing<ours.Probe, server.Probe>>,
  Held<Missing<ours.SearchHit, server.Hit>>,
  Held<Missing<ours.LedgerStep, server.Step>>,
  Held<Missing<ours.ApiToken, server.Token>>,
  Held<Missing<ours.InboundItem, server.Entry>>,
]
