"""`podium new`: what a table says about itself, and a project written from it."""
