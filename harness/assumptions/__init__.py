"""What the sandbox only assumes: every guess, what would settle it on a TEST app, and what committed evidence says.

`questions` lists the guesses from the tables themselves, `settling` names for each what settles it or why nothing can,
`probes` are the small things to ask where no scenario does, `evidence` reads what TEST apps answered.
"""
