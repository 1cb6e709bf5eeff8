// `npm test`: everything that a change must pass, from a fresh clone, in one go and within one budget of time. It
// stands apart from vitest because the browsers, the build and the static checks belong to it too. The last line is
// `N passed, N failed` over all test projects (and `, N skipped` if any); a step that is no test project counts only
// when it fails. The exit code is 0 only if nothing failed and, with CI=true, no browser was missing.
import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeBrowsers, provideBrowsers } from './browsers.mjs'

const BUDGET_MS = 20 * 60_000
const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const reports = join(root, '.tmp', 'reports')
const bin = (name) => join(root, 'node_modules', '.bin', name)
const startedMs = performance.now()
const total = { passed: 0, failed: 0, skipped: 0 }
const summary = []

await rm(reports, { recursive: true, force: true })
await mkdir(reports, { recursive: true })

const browsers = provideBrowsers()
for (const line of describeBrowsers(browsers)) console.log(line)
if (process.env.CI === 'true') total.failed += browsers.missing.length

await step('biome', bin('biome'), ['check', '.'])
await step('types', bin('tsc'), ['--noEmit'])
await step('playground types', bin('tsc'), ['--noEmit', '-p', 'playground'])
const built = await step('build', process.execPath, ['scripts/build.mjs'])
if (built) await step('package', process.execPath, ['scripts/check-package.mjs'])
await project('unit')
await project('simulation')
if (built) await step('fixtures', process.execPath, ['scripts/fixtures.mjs', '--quick'])
if (built) await project('browser')
else summary.push('browser: not run, the build failed')

console.log('\nSummary')
for (const line of summary) console.log(`  ${line}`)
for (const kind of browsers.missing) console.log(`  ${kind}: NOT TESTED, the browser is missing on this machine`)
console.log(`  total: ${seconds(performance.now() - startedMs)} of ${seconds(BUDGET_MS)}`)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed > 0 ? 1 : 0

/** Runs a step that either succeeds or counts as one failure. */
async function step(name, program, args) {
  const { ok, note } = await run(name, program, args)
  if (!ok) total.failed += 1
  summary.push(`${name}: ${note}`)
  return ok
}

/** Runs one vitest project and adds its counts. */
async function project(name) {
  const report = join(reports, `${name}.json`)
  const args = ['run', '--project', name, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { ok, note } = await run(name, bin('vitest'), args)
  const counts = await countsOf(report)
  // A failure that no test carries (an unhandled rejection, a file that did not load, no report at all) is one too.
  if (!ok && counts.failed === 0) counts.failed = 1
  for (const key of Object.keys(total)) total[key] += counts[key]
  summary.push(`${name}: ${note}, ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
}

async function countsOf(report) {
  let text
  try {
    text = await readFile(report, 'utf8')
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(text)
  const unloaded = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
  return { passed: numPassedTests, failed: numFailedTests + unloaded, skipped: numPendingTests + numTodoTests }
}

/** Runs a program with what is left of the budget; past it, its whole process group is killed. */
function run(name, program, args) {
  const beganMs = performance.now()
  const leftMs = BUDGET_MS - (beganMs - startedMs)
  console.log(`\n=== ${name}`)
  if (leftMs <= 0) return { ok: false, note: 'FAILED, not run: the budget of time was used up before it' }
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', detached: true })
    const killGroup = () => killProcessGroup(child.pid)
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup()
    }, leftMs)
    const stop = (signal) => {
      killGroup()
      process.exit(signal === 'SIGINT' ? 130 : 143)
    }
    process.once('SIGINT', stop).once('SIGTERM', stop)
    const settle = (ok, note) => {
      clearTimeout(timer)
      process.off('SIGINT', stop).off('SIGTERM', stop)
      resolve({ ok, note: `${note} in ${seconds(performance.now() - beganMs)}` })
    }
    child.once('error', (error) => settle(false, `FAILED to start: ${error.message}`))
    child.once('exit', (code, signal) => {
      if (late) settle(false, 'FAILED, stopped at the end of the budget of time')
      else settle(code === 0, code === 0 ? 'ok' : `FAILED (${signal ?? `exit code ${code}`})`)
    })
  })
}

function killProcessGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
