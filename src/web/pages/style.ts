/**
 * The style sheet. It uses logical properties only, so it works for both writing directions, and defines each colour once for
 * light and once for dark mode. The sizes and colours of `.google` follow Google's branding rules for its button.
 */
export const STYLE = `:root {
  color-scheme: light dark;
  --background: #f3f5f8;
  --card: #fff;
  --text: #1c2128;
  --quiet: #59636e;
  --line: #d5dae1;
  --link: #0b57d0;
  --tint: #f6f8fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --background: #101418;
    --card: #191e24;
    --text: #e6e9ed;
    --quiet: #a3acb7;
    --line: #343c46;
    --link: #a8c7fa;
    --tint: #1f252c;
  }
}
*, ::before, ::after { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body {
  margin: 0;
  padding-block: clamp(1rem, 6vh, 4rem);
  padding-inline: 1rem;
  background: var(--background);
  color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
  overflow-wrap: anywhere;
}
main, .site { max-inline-size: 38rem; margin-inline: auto }
.site {
  display: flex;
  align-items: center;
  gap: .625rem;
  margin-block-end: 1rem;
  padding-inline: .25rem;
  color: var(--text);
  font-weight: 600;
}
.site img { inline-size: 1.625rem; block-size: 1.625rem }
main {
  padding: clamp(1.25rem, 5vw, 2.5rem);
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 1rem;
}
h1 { margin: 0; font-size: clamp(1.375rem, 1.1rem + 1.5vw, 1.75rem); font-weight: 600; line-height: 1.25; text-wrap: balance }
h2 { margin: 0; font-size: 1rem; font-weight: 600 }
p { margin-block: .625rem 0; margin-inline: 0 }
a { color: var(--link); text-underline-offset: .15em }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.quiet { color: var(--quiet); font-size: .9375rem }
h1 + p, .head + p { margin-block-start: .875rem }
.head { display: flex; gap: .875rem; align-items: flex-start }
.head img { flex: none; inline-size: 2rem; block-size: 2rem; margin-block-start: .1rem }
ul { margin-block: .5rem 0; margin-inline: 0; padding-inline-start: 1.25rem }
li + li { margin-block-start: .25rem }
dl { margin-block: 1.75rem 0; margin-inline: 0; border-block-start: 1px solid var(--line) }
dl > div { display: grid; grid-template-columns: 10rem 1fr; gap: .25rem 1.25rem; padding-block: .75rem; border-block-end: 1px solid var(--line) }
dt { color: var(--quiet) }
dd { margin: 0 }
dd ul { margin: 0; padding: 0; list-style: none }
dd ul:has(li + li) { padding-inline-start: 1.1rem; list-style: disc }
dd p { margin-block-start: .25rem }
dd > p:first-child { margin-block-start: 0 }
.account { margin-block-start: 1.25rem; padding: .75rem 1rem; background: var(--tint); border: 1px solid var(--line); border-radius: .75rem }
.account p { margin-block-start: .125rem }
.account p:first-child { margin-block-start: 0 }
.added { margin-block-start: 1.25rem; padding: 1rem 1.25rem; border: 1px solid var(--link); border-radius: .75rem }
.sign-in { margin-block-start: 1.25rem }
.sign-in p { max-inline-size: 32rem }
.google {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: .625rem;
  min-block-size: 2.5rem;
  max-inline-size: 100%;
  margin: 0;
  padding-block: .5625rem;
  padding-inline: .75rem;
  background: #fff;
  color: #1f1f1f;
  border: 1px solid #747775;
  border-radius: .25rem;
  font: 500 .875rem/1.25rem Roboto, arial, sans-serif;
  letter-spacing: .25px;
  cursor: pointer;
  transition: box-shadow .2s, background-color .2s;
}
.google img { flex: none; inline-size: 1.25rem; block-size: 1.25rem }
.google:hover { background: #f2f6fe; box-shadow: 0 1px 3px #3c404359 }
.google[aria-disabled='true'] { opacity: .55; cursor: default }
@media (prefers-color-scheme: dark) {
  .google { background: #131314; color: #e3e3e3; border-color: #8e918f }
  .google:hover { background: #232527; box-shadow: none }
}
.notes { margin-block-start: 2rem; display: grid; gap: 1.25rem; padding: 1.25rem; background: var(--tint); border-radius: .75rem }
.notes p { margin-block-start: .25rem }
[role='status']:not(:empty) { font-weight: 600 }
[hidden] { display: none !important }
@media (max-width: 34rem) {
  body { padding-block: .75rem 1rem }
  .site { margin-block-end: .625rem }
  main { padding: 1rem }
  .account { margin-block-start: 1rem; padding-block: .625rem }
  .sign-in { margin-block-start: 1rem }
  dl > div { grid-template-columns: 1fr; gap: .125rem }
  .google { inline-size: 100% }
}
@media (prefers-reduced-motion: reduce) {
  .google { transition: none }
}
@media (forced-colors: active) {
  .google { border-color: ButtonText }
}
@media print {
  body { background: none }
  .sign-in { display: none }
}
`
