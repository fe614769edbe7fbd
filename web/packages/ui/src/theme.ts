// Mantine's theme, drawn from the tokens so that its components and ours are one family.

import {
  ActionIcon, Button, Checkbox, createTheme, Menu, Modal, MultiSelect, NativeSelect, NumberInput, PasswordInput, Pill, PillsInput, Popover, Radio, Select, Switch,
  TagsInput, Textarea, TextInput, Tooltip, type CSSVariablesResolver, type MantineColorsTuple,
} from '@mantine/core'

const kanal: MantineColorsTuple = ['#e9f6f4', '#d3ebe7', '#a9d5ce', '#7cc0b6', '#54aca0', '#2f988b', '#14806f', '#0b6660', '#09524d', '#063f3b']

const dark: MantineColorsTuple = ['#e4ebe9', '#c3cecb', '#93a19e', '#6c7a77', '#3a4748', '#2b3637', '#1c2425', '#151b1c', '#101516', '#0b0f10']

export const theme = createTheme({
  primaryColor: 'kanal',
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  colors: { kanal, dark },
  white: '#ffffff',
  black: '#16211f',
  fontFamily: 'var(--k-font)',
  fontFamilyMonospace: 'var(--k-mono)',
  fontSizes: { xs: 'var(--k-size-xs)', sm: 'var(--k-size-sm)', md: 'var(--k-size)', lg: 'var(--k-size-lg)', xl: 'var(--k-size-xl)' },
  defaultRadius: 6,
  focusRing: 'auto',
  cursorType: 'pointer',
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs', loaderProps: { size: 14 } } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: 28 } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'sm' } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'sm', autosize: true, minRows: 3 } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: 'sm' } }),
    NumberInput: NumberInput.extend({ defaultProps: { size: 'sm', hideControls: true } }),
    Select: Select.extend({ defaultProps: { size: 'sm', checkIconPosition: 'right', comboboxProps: { shadow: 'md', transitionProps: { duration: 0 } } } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: 'sm' } }),
    MultiSelect: MultiSelect.extend({ defaultProps: { size: 'sm', comboboxProps: { shadow: 'md', transitionProps: { duration: 0 } } } }),
    TagsInput: TagsInput.extend({ defaultProps: { size: 'sm' } }),
    PillsInput: PillsInput.extend({ defaultProps: { size: 'sm' } }),
    Pill: Pill.extend({ defaultProps: { size: 'sm' } }),
    Switch: Switch.extend({ defaultProps: { size: 'sm', withThumbIndicator: false } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'sm' } }),
    Radio: Radio.extend({ defaultProps: { size: 'sm' } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', position: 'bottom-end', transitionProps: { duration: 0 }, offset: 4 } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 0 } } }),
    Modal: Modal.extend({ defaultProps: { transitionProps: { duration: 0 }, overlayProps: { backgroundOpacity: 0.4 }, radius: 10 } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, transitionProps: { duration: 0 }, withArrow: false } }),
  },
})

const shared = {
  '--mantine-color-body': 'var(--k-surface)',
  '--mantine-color-text': 'var(--k-text)',
  '--mantine-color-dimmed': 'var(--k-text-3)',
  '--mantine-color-placeholder': 'var(--k-text-3)',
  '--mantine-color-error': 'var(--k-danger)',
  '--mantine-color-default': 'var(--k-raised)',
  '--mantine-color-default-hover': 'var(--k-hover)',
  '--mantine-color-default-color': 'var(--k-text)',
  '--mantine-color-default-border': 'var(--k-line-strong)',
  '--mantine-color-anchor': 'var(--k-accent)',
  '--mantine-color-gray-light-color': 'var(--k-text-2)',
  '--mantine-color-gray-light-hover': 'var(--k-hover)',
  '--mantine-color-kanal-filled': 'var(--k-accent)',
  '--mantine-color-kanal-filled-hover': 'var(--k-accent-hover)',
  '--mantine-color-kanal-light': 'var(--k-accent-soft)',
  '--mantine-color-kanal-light-color': 'var(--k-accent)',
  '--mantine-primary-color-contrast': 'var(--k-accent-ink)',
}

export const resolver: CSSVariablesResolver = () => ({ variables: { '--mantine-line-height': '1.45' }, light: { ...shared, '--mantine-color-gray-1': 'var(--k-sunken)', '--mantine-color-gray-2': 'var(--k-line)' }, dark: shared })
