#include <cstdio>

int main() { std::puts("Penumbra " PENUMBRA_VERSION); }
