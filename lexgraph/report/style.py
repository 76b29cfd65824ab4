"""The page's style sheet: light and dark, on a screen and on paper."""

CSS = """
:root { --paper: #fff; --ink: #1b1f24; --muted: #5b636d; --line: #d9dde2; --panel: #f6f7f9; --link: #0a5c91; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e8ebee; --muted: #a3adb8; --line: #3a434d; --panel: #1f252c; --link: #6fc0f2; }
}
:root { color-scheme: light dark; }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 78rem; padding: 1.5rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { border-top: 1px solid var(--line); font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-top: 1.2rem; }
p { margin: .5rem 0; max-width: 48rem; }
p.lead, .muted { color: var(--muted); }
ul { margin: .5rem 0; padding-left: 1.3rem; max-width: 60rem; }
li, dd { overflow-wrap: anywhere; }
a { color: var(--link); }
nav ul { columns: 16rem; list-style: none; padding: 0; }
nav { background: var(--panel); border-radius: 6px; margin: 1.2rem 0; padding: .6rem 1rem; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
details { margin: .6rem 0; }
.high { max-height: 32rem; overflow-y: auto; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; min-width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top;
  white-space: nowrap; }
td.l { max-width: 34rem; min-width: 16rem; overflow-wrap: anywhere; white-space: normal; }
th { background: var(--panel); position: sticky; top: 0; }
td.n, th.n { text-align: right; white-space: nowrap; }
figure { margin: 1rem 0; overflow-x: auto; }
svg { display: block; height: auto; max-width: 100%; }
svg text { font-family: "DejaVu Sans", Verdana, sans-serif !important; }
svg * { stroke-linejoin: round; stroke-linecap: butt; }
svg.dark { display: none; }
@media screen and (prefers-color-scheme: dark) { svg.dark { display: block; } svg.light { display: none; } }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: max-content 1fr; }
dt { color: var(--muted); }
dd { margin: 0; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } body { padding: 1rem; } }
@media print {
  body { font-size: 10pt; max-width: none; padding: 0; }
  nav { display: none; }
  .wide { border: 0; max-height: none; overflow: visible; }
  th, td { overflow-wrap: anywhere; position: static; white-space: normal; }
  td.l { min-width: 0; }
  thead { display: table-header-group; }
  tr, svg { break-inside: avoid; }
  h2, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; }
}
"""
