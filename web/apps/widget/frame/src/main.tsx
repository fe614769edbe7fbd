import { render } from 'preact'

render(<div />, document.getElementById('app')!)
