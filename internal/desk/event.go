package desk

import "encoding/json"

// Event is something that happened, recorded in the transaction that made it happen. Seq numbers
// events in commit order without gaps that fill later; it is 0 until numbered (PostgreSQL numbers
// right after commit). Type is noun.past_participle.
type Event struct {
	ID       EventID         `json:"id"`
	Seq      int64           `json:"seq"`
	At       Time            `json:"at"`
	Type     string          `json:"type"`
	Actor    Actor           `json:"actor"`
	TicketID TicketID        `json:"ticket_id"`
	ThreadID ThreadID        `json:"thread_id"`
	Message  MessageID       `json:"message_id"`
	Contact  ContactID       `json:"contact_id"`
	Inbox    InboxID         `json:"inbox_id"`
	UserID   UserID          `json:"user_id"` // the user it concerns (owner, mentioned), if one
	Data     json.RawMessage `json:"data"`
}

// Event types. Anything recorded has its constant here, with the shape of Data.
const (
	EvMessageReceived     = "message.received"      // {disposition, threaded_by, flags}
	EvMessageQueued       = "message.queued"        // {type}
	EvMessageSent         = "message.sent"          // {remote_id}
	EvMessageDelivered    = "message.delivered"     // {recipient}
	EvMessageRead         = "message.read"          // {recipient}
	EvMessageFailed       = "message.failed"        // {recipient, code, reason}
	EvMessageUncertain    = "message.uncertain"     // {recipients}
	EvMessageRetried      = "message.retried"       // {attempt, after_ms, reason}
	EvMessageUpdated      = "message.updated"       // {fields}
	EvMessageScheduled    = "message.scheduled"     // {send_at, if_quiet}; also when its time is changed
	EvMessageHeld         = "message.held"          // {reason: customer_wrote | ticket_hidden}: its time came and it did not leave; UserID is who wrote it
	EvCommentAdded        = "comment.added"         // {mentions:[user ids], team_mentions:[team ids]}
	EvThreadOpened        = "thread.opened"         // {}
	EvThreadMoved         = "thread.moved"          // {from_ticket, to_ticket, reason}
	EvThreadClaimed       = "thread.claimed"        // {claims_ticket, message_id, reason} a stranger's reference match
	EvTicketCreated       = "ticket.created"        // {number, subject, hidden?, hidden_reason?}
	EvTicketUpdated       = "ticket.updated"        // {changes:{field:[before, after]}}
	EvTicketStatus        = "ticket.status_changed" // {from, to, from_state, to_state, reason}
	EvTicketAssigned      = "ticket.assigned"       // Assignment; more than 20 candidates are folded by what was said of them: {"folded": [{reason, …, who: [[id, name, open, last_assigned_at]]}]}
	EvTicketQueued        = "ticket.queued"         // {reason, next_at}: nobody could have it, it waits; ThreadID alone for a conversation without a ticket
	EvTicketDequeued      = "ticket.dequeued"       // {reason: assigned|closed|hidden|snoozed|policy|person, waited_ms}
	EvOwnerMailed         = "owner.mailed"          // {what: sent|failed|uncertain|bounced|answered|refused, reason, user_id}: a submission that went to the contact's owner by mail
	EvTicketMerged        = "ticket.merged"         // {from, from_number, into, into_number, merge_id, reason}; on both
	EvTicketDeleted       = "ticket.deleted"
	EvTicketRestored      = "ticket.restored"
	EvTicketSnoozed       = "ticket.snoozed"       // {until: null is until the customer writes}
	EvTicketWoken         = "ticket.woken"         // {reason: time|reply|person|merge, until, snoozed_by}; concerns the owner, or who laid it to rest
	EvTicketFollowed      = "ticket.followed"      // {user_id, why: ""|comment|mention}
	EvTicketUnfollowed    = "ticket.unfollowed"    // {user_id}
	EvTicketUnmerged      = "ticket.unmerged"      // {from, from_number, into, into_number, merge_id}; on both
	EvTicketSplit         = "ticket.split"         // {from, from_number, to, to_number, split_id, messages: how many, undone}; on both
	EvTicketMoved         = "ticket.moved"         // {from_inbox, to_inbox}
	EvTicketLeft          = "ticket.left"          // the same, for those who see only the inbox that it left
	EvTicketLinked        = "ticket.linked"        // {other_id, kind}; on both
	EvTicketUnlinked      = "ticket.unlinked"      // {other_id, kind}; on both
	EvThreadState         = "thread.state_changed" // {open, hidden, bot} of a conversation without a ticket, or of a chat
	EvThreadAssigned      = "thread.assigned"      // {owner_id, team_id, previous_owner_id, previous_team_id} of a conversation without a ticket
	EvThreadPurged        = "thread.purged"        // {messages:[ids], reason} a conversation without a ticket, gone for good
	EvTicketPurged        = "ticket.purged"        // {number, messages:[ids], reason: spam|trash|merged|privacy} gone for good
	EvTicketRated         = "ticket.rated"         // {score, comment}: what a customer said after closing
	EvBulkProgressed      = "bulk.progressed"      // {id, state, action, total, done, same, failed, undo_of}: of its UserID alone
	EvContactCreated      = "contact.created"      // {address}
	EvContactUpdated      = "contact.updated"      // {changes}
	EvContactMerged       = "contact.merged"       // {into, merge_id}
	EvContactUnmerged     = "contact.unmerged"     // {from, merge_id}: of the one who goes on alone and of the one it was part of
	EvContactDeleted      = "contact.deleted"      // {}
	EvContactRestored     = "contact.restored"     // {}
	EvContactErased       = "contact.erased"       // {}: nothing of the person is left
	EvThreadEmptied       = "thread.emptied"       // {message_count, file_count, files_only, channel, days}: what was said was taken away by a term of keeping (CO-10)
	EvMessageRedacted     = "thread.redacted"      // {what: passage|file, messages:[ids]}: by hand (CO-12)
	EvPrivacyRedacted     = "privacy.redacted"     // {what, message_id, ticket}: the same for the audit log
	EvRedactedShown       = "redacted.shown"       // {message_id, kinds}: somebody looked at what was blanked out
	EvHoldSet             = "hold.set"             // {object, object_id, reason}: nothing of it may be taken away
	EvHoldLifted          = "hold.lifted"          // {object, object_id, reason}
	EvKeepingRun          = "keeping.run"          // {id, state, total, threads, messages, files, held, failed}
	EvTicketErased        = "ticket.erased"        // {}: a person's words and names were taken out of it; the ticket stays as a shell
	EvPrivacyErased       = "privacy.erased"       // {tickets, messages, files}: no contact, so that the line itself is not about a person
	EvPrivacyExported     = "privacy.exported"     // {contact_id}
	EvSenderCorrected     = "sender.corrected"     // {message_id, from_contact, to_contact, to: original|forwarder}
	EvInboundSetAside     = "inbound.set_aside"    // {raw_id, account_id, error}
	EvInboundReplayed     = "inbound.replayed"     // {raw_id}
	EvInboundIgnored      = "inbound.ignored"      // {raw_id, reason}
	EvAccountConnected    = "channel_account.connected"
	EvAccountUpdated      = "channel_account.updated" // {changes, secrets never}
	EvAccountState        = "channel_account.state_changed"
	EvAccountRemoved      = "channel_account.removed"
	EvChannelMoved        = "channel.moved"           // {move_id, channel_account_id, name, from_inbox, to_inbox, plan, undo?}: intake switched
	EvChannelMoveProgress = "channel.move_progressed" // {move_id, channel_account_id, state, total, done, made, failed}
	EvAssociationLimited  = "association.limited"     // {pair, contact_id, ticket_id, number, limit}: the same for the audit log
	EvTicketLimited       = "ticket.contact_limited"  // {contact_id, limit, tickets}: the contact may have no more tickets, and takes part instead (TK-05)
	EvSnippetCreated      = "snippet.created"         // {id, kind, name, visibility}; of a private one its owner alone is told
	EvSnippetUpdated      = "snippet.updated"         // {id, kind, name, visibility}
	EvSnippetDeleted      = "snippet.deleted"         // {id, kind, name, visibility}
	EvForwardVerified     = "channel_account.forwarding_verified"
	EvVerificationMail    = "channel_account.verification_received" // {subject, code, link}: a provider asks to confirm forwarding
	EvConsent             = "consent.recorded"                      // {visitor_id, purpose, kind, action: given|declined|withdrawn, version}
	EvTermsAccepted       = "terms.accepted"                        // {version, sha256}
	EvUserCreated         = "user.created"
	EvUserUpdated         = "user.updated"
	EvUserSignIn          = "user.sign_in_changed"      // {what: factor_added|factor_removed|recovery_used|recovery_renewed|passkey_added|passkey_removed|linked|reset, name?, left?}
	EvUserSkills          = "user.skills_changed"       // {skills:[{slug, level, main, expires_at}], before}
	EvUserAvailability    = "user.availability_changed" // {available, by: manual|manager|hours|out_of_office|idle, note, until}: until when it stays so by plan, null when nobody knows
	EvRoleUpdated         = "role.updated"              // {object, slug, before, after}
	EvTeamUpdated         = "team.updated"
	EvSettingsChanged     = "settings.changed"   // {object, slug, before, after}
	EvTagChanged          = "tag.changed"        // {what: created|renamed|merged|removed, id, name, was?, into?, into_name?}
	EvViewCreated         = "customview.created" // {name, visibility, team_id}; UserID is its owner when it is private
	EvViewUpdated         = "customview.updated" // {name, visibility, team_id, fields}
	EvViewDeleted         = "customview.deleted" // {name, visibility, team_id}
	EvSpaceCreated        = "space.created"      // {object, slug, name, before, after}
	EvSpaceUpdated        = "space.updated"      // {object, slug, name, before, after}
	EvSpaceDeleted        = "space.deleted"      // {object, slug, name, before, after}
	EvTokenCreated        = "token.created"
	EvTokenRevoked        = "token.revoked"
	EvSessionStarted      = "session.started"
	EvSessionEnded        = "session.ended"
	EvMailForwardDropped  = "mail.loop_stopped"    // {reason}
	EvNotificationCreated = "notification.created" // {items:[{id, kind, ticket_id, in_app, desktop}], count}, to the person it concerns
	EvNotificationRead    = "notification.read"    // {}: something was read, to the person it concerns
	EvChatflowCreated     = "chatflow.created"     // {id, name, account_id, before, after}: the whole of it, for the audit log
	EvChatflowUpdated     = "chatflow.updated"     // {id, name, account_id, before, after}
	EvChatflowPublished   = "chatflow.published"   // {id, name, account_id, number, note, before, after}: the definitions
	EvChatflowArchived    = "chatflow.archived"    // {id, name, account_id, before, after}
	EvChatflowOrdered     = "chatflow.ordered"     // {account_id, before:[ids], after:[ids]}
	EvFormCreated         = "form.created"         // {id, name, slug, before, after}: the whole of it, for the audit log
	EvFormUpdated         = "form.updated"         // {id, name, slug, before, after, why?}: why is channel_removed or restored
	EvFormArchived        = "form.archived"        // {id, name, slug, before, after}
	EvFormReleased        = "form.released"        // {form_id, form, submission_id}: a held submission went on its road
	EvFormSubmitted       = "form.submitted"       // {form_id, form, submission_id, state, reason}: a ticket, contact and message where there are some
	EvBotEnded            = "bot.ended"            // {status: ended | timed_out | failed | handed_over, step, reason}: a bot left a conversation
	EvThreadSeen          = "thread.seen"          // {by: visitor|team, message_id}: how far a chat was read
	EvVisitorUpdated      = "visitor.updated"      // {visitor_id, what: identified|claimed|profile|banned|unbanned|ended, proven?, how?: token|mail|person|claim, reason?}; the contact is who it is
)
