"""The one style sheet of reports: light and dark, on a screen and on paper."""

STYLE = """
:root{color-scheme:light dark;--bg:#f4f6f9;--card:#fff;--ink:#17202b;--soft:#526072;--line:#d9dfe7;--main:#2457c5;
--band:#b4c8f3;--bad:#b3261e;--badband:#f3c1bd;--good:#1d7a46}
@media (prefers-color-scheme:dark){:root{--bg:#10141a;--card:#191f27;--ink:#e9eef4;--soft:#a7b3c1;--line:#313b47;
--main:#82abff;--band:#2f4a80;--bad:#ff8a80;--badband:#6b2e2b;--good:#6fd09b}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1060px;margin:0 auto;padding:28px 20px 60px}
header p{margin:2px 0;color:var(--soft);overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 6px;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:0 0 4px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:16px 0}
.lead{color:var(--soft);margin:0 0 12px;max-width:75ch}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:14px;margin:20px 0 0;padding:0}
.figures>div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.figures dt{color:var(--soft);font-size:.9rem}
.figures dd{margin:0}
.big{font-size:1.9rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.note{color:var(--soft);font-size:.88rem}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:0 16px}
.scroll{overflow-x:auto}
.scroll:focus-visible{outline:3px solid var(--main);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.93rem}
caption{text-align:left;color:var(--soft);padding:0 0 6px}
th,td{padding:6px 18px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
thead th{color:var(--soft);font-weight:600;white-space:nowrap;overflow-wrap:normal}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.id{font-family:ui-monospace,SFMono-Regular,Consolas,monospace;font-size:.9em}
.no{color:var(--bad);font-weight:600}
.yes{color:var(--good);font-weight:600}
svg{display:block;width:100%;height:auto;max-width:100%}
svg text{fill:var(--ink);font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg .t{fill:var(--soft);font-size:12px}
svg .g{stroke:var(--line);stroke-width:1}
svg .m{fill:var(--main)}
svg .b{fill:var(--band)}
svg .r{fill:var(--bad)}
svg .rb{fill:var(--badband)}
svg .k{fill:var(--good)}
svg .o{fill:var(--line)}
.heat td,.heat th{border:1px solid var(--card);padding:6px 8px;text-align:right;font-variant-numeric:tabular-nums}
.heat thead th,.heat tbody th{text-align:right;max-width:11em}
.heat{width:auto;min-width:40%}
.d1,.d2,.d3,.d4,.d5{background:color-mix(in srgb,var(--main) calc(var(--p)*1%),transparent)}
.e1,.e2,.e3,.e4,.e5{background:color-mix(in srgb,var(--bad) calc(var(--p)*1%),transparent)}
.d1,.e1{--p:8}.d2,.e2{--p:18}.d3,.e3{--p:28}.d4,.e4{--p:38}.d5,.e5{--p:48}
details summary{cursor:pointer;color:var(--soft)}
details pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
@media print{body{background:#fff}section,.figures>div{break-inside:avoid}}
"""
