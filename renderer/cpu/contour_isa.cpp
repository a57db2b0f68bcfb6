namespace penumbra {}
