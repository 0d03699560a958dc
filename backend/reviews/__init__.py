"""Reviews: what was submitted, what is proposed, and the signatures that release the money."""
