// Texts of words, the same at each run: common words often, rare ones seldom, as in any language.

const SYLLABLES = ['ba', 'de', 'ki', 'lo', 'mu', 'na', 'pe', 'ri', 'so', 'tu', 'va', 'ze']
const WORDS = 4000

export function word(index: number): string {
  const letter = (at: number) => SYLLABLES[at % SYLLABLES.length] ?? ''
  return letter(index) + letter(Math.floor(index / 12)) + letter(Math.floor(index / 144)) + letter(index * 7)
}

export function text(seed: number, words: number): string {
  let state = (seed * 2_654_435_761) >>> 0
  const all: string[] = []
  for (let at = 0; at < words; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const share = state / 2 ** 32
    all.push(word(Math.floor(share * share * share * WORDS)))
  }
  return all.join(' ')
}
