// A slash offers snippets; {{tokens}} without a value stand out until somebody fills them.

import { Extension } from '@tiptap/core'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import Suggestion from '@tiptap/suggestion'
import type { MentionState } from './MentionList.tsx'
import type { Person, SnippetSource } from './types.ts'

const token = /\{\{[^{}]+\}\}/g

export const Tokens = Extension.create({
  name: 'tokens',
  addProseMirrorPlugins: () => [new Plugin({
    key: new PluginKey('tokens'),
    props: {
      decorations: (state) => {
        const found: Decoration[] = []
        state.doc.descendants((n, pos) => { if (n.isText) for (const m of n.text!.matchAll(token)) found.push(Decoration.inline(pos + m.index, pos + m.index + m[0].length, { class: 'k-token' })) })
        return found.length ? DecorationSet.create(state.doc, found) : null
      },
    },
  })],
})

export function slashOf(source: () => SnippetSource | undefined, set: (s: MentionState | null) => void, keys: (e: KeyboardEvent) => boolean) {
  return Extension.create({
    name: 'slash',
    addProseMirrorPlugins() {
      return [Suggestion<Person, Person>({
        editor: this.editor, char: '/', pluginKey: new PluginKey('slash'), allowedPrefixes: [' ', '\n', '\u00a0'],
        allow: () => !!source(),
        items: ({ query }) => source()?.find(query) ?? [],
        command: ({ editor, range, props }) => {
          const asked = editor.chain().focus().deleteRange(range)
          asked.run()
          void source()?.html(props.id).then((html) => { if (html && !editor.isDestroyed) editor.chain().focus().insertContent(html).run() }).catch(() => { if (!editor.isDestroyed) editor.chain().focus().insertContent(`/${props.name}`).run() })
        },
        render: () => {
          const show = (p: { items: Person[]; command: (x: Person) => void; clientRect?: (() => DOMRect | null) | null }) => set(p.items.length ? { items: p.items, pick: p.command, rect: p.clientRect?.() ?? null } : null)
          return {
            onStart: show, onUpdate: show, onExit: () => set(null),
            onKeyDown: ({ event }) => { if (event.key === 'Escape') { set(null); return true } return keys(event) },
          }
        },
      })]
    },
  })
}
