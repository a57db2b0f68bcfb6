// What is told at a marker of the plot: options that were edited, and when the mesh was carved anew.
#pragma once
#include <span>
#include <vector>

#include "optim/session/session.h"

namespace penumbra {

// Edits of one option at one iteration as one, from the first value to the last: a drag leaves one for every value it
// came through. Nothing remains of an option that came back to where it was.
std::vector<OptionEdit> mergedEdits(std::span<const OptionEdit> edits);

}  // namespace penumbra
