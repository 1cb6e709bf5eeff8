// Queries to start from; those on the cities come once the cities are there.
import { cityExamples, type Example, generalExamples } from '../data/examples.ts'
import { citiesLoaded } from '../state/data-set.ts'
import { showSql } from '../state/draft.ts'

export function Examples() {
  const examples = citiesLoaded.value ? [...cityExamples, ...generalExamples] : generalExamples
  return (
    <section class="panel" aria-labelledby="examples-title">
      <h2 id="examples-title">Examples</h2>
      <ul class="example-list">
        {examples.map((example) => (
          <li key={example.title}>
            <ExampleButton example={example} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function ExampleButton({ example }: { example: Example }) {
  return (
    <button type="button" class="row-button" onClick={() => showSql(example.sql, { run: true })}>
      <span>{example.title}</span>
    </button>
  )
}
