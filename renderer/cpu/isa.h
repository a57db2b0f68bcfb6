// Instruction sets of the processor, chosen once at run time. All give the same bits; only speed differs.
#pragma once

namespace penumbra {

enum class Isa { Baseline, Avx2, Avx512 };

Isa bestIsa();                // what this processor can do; PENUMBRA_ISA=baseline|avx2|avx512 lowers it
Isa currentIsa();             // bestIsa() unless forced
void forceIsa(Isa isa);       // for tests and benchmarks; never above what the processor can do
const char* toString(Isa isa);

}  // namespace penumbra
