// The entry of the page that measures: styles and the first render. Nothing is opened before somebody asks.
import '../styles/tokens.css'
import '../styles/base.css'
import './benchmark.css'
import { render } from 'preact'
import { Benchmark } from './benchmark.tsx'

const root = document.getElementById('app')
if (root) render(<Benchmark />, root)
