// What the loader on the customer's page and the frame inside it say to each other, by postMessage. Each side accepts only the other's window
// and origin; the loader learns the frame's origin from its own script's address, the frame learns the page's from the first message.

/** Marks our messages among others' on the same window: every message has this key, with 1. */
export const MARK = 'kanal'

export interface Page { url: string; title: string; referrer: string }

/** From the page to the frame. */
export type ToFrame =
  /** ask is the loader's own hello, for when it may not ask itself: then hello is null. */
  | { type: 'init'; hello: unknown; ask: Record<string, unknown>; token: string; page: Page; locale: string; inline: boolean; phone: boolean; options: FrameOptions }
  | { type: 'hello'; hello: unknown; options?: FrameOptions } // the rules were weighed again: another page, another identity, another state
  | { type: 'open'; newThread?: boolean } | { type: 'close' }
  | { type: 'page'; page: Page }
  | { type: 'identity'; email: string; token: string }
  | { type: 'reset' }                                        // forget everything: logout, clear
  | { type: 'connect-blocked'; ask: Record<string, unknown> } // the page's CSP forbids our requests: the frame asks in the loader's place, each time

export interface FrameOptions { attachments: boolean; focus: boolean; newThreadLink: boolean }

/** From the frame to the page. */
export type ToPage =
  | { type: 'ready' }
  | { type: 'hello'; hello: unknown }                        // asked in the loader's place
  | { type: 'open-change'; open: boolean }
  | { type: 'size'; height: number }                         // what it would like to have, in CSS pixels; the page decides
  | { type: 'unread'; count: number; preview?: { author: string; avatar: string; text: string } }
  | { type: 'token'; token: string; expires: number; session: boolean } // keep it, first party; session: only until the browser closes
  | { type: 'sound' }
  | { type: 'event'; name: EventName; payload: unknown }     // the public API's events

export type EventName =
  | 'conversationStarted' | 'conversationClosed' | 'userSelectedThread' | 'unreadConversationCountChanged' | 'contactAssociated'
  | 'userInteractedWithWidget' | 'widgetLoaded' | 'widgetClosed' | 'quickReplyButtonClick'
