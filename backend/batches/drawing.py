"""Whether a batch's reviewers can be drawn as it wishes, and what to change if not."""

from __future__ import annotations

from backend.batches.schemas import DraftIn
from backend.errors import Invalid


def check_draw(wanted: DraftIn) -> None:
    """Raises Invalid for a draw that could not decide, or that decides nothing."""
    draw = wanted.review.draw
    if (draw is not None) != (wanted.review.policy == "drawn"):
        detail = "policy 'drawn' and `draw` (reviewers, quorum, most) belong together: give both, or neither"
        raise Invalid("draw_and_policy", detail)
    if draw is None:
        return
    if not draw.quorum <= draw.reviewers <= draw.most or 2 * draw.quorum <= draw.reviewers:
        detail = "quorum must be more than half of reviewers and at most all of them, and most at least reviewers"
        raise Invalid("draw_cannot_decide", detail)
    if wanted.gold:
        raise Invalid("draw_without_gold", "drawn reviewers judge each answer, known answers nobody: leave gold out")
