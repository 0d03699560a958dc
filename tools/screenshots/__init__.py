"""Pictures of the web app's pages, from a stack on which people really asked, worked, reviewed and were paid."""
