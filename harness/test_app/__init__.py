"""The user's own TEST workspace at the real Intercom: reached over the network, guarded, and left as it was found."""
