// A fit on disk, complete enough to go on from bit for bit after the program was killed.
//
// File: the line "penumbra recovery 3", one line of JSON (where the masks come from, options, counts, solver state),
// then float32 positions, moments, what remeshing carries, and int32 faces in the byte order of the machine. Written
// atomically: a file is whole or not there. It is for this computer and this version only; results to keep are exported.
#pragma once
#include <filesystem>
#include <string>

#include "optim/fit/fit_state.h"
#include "optim/options.h"

namespace penumbra {

// What can be told of a recovery file without reading its meshes.
struct RecoveryInfo {
  std::filesystem::path source;  // model file or folder of masks
  std::string name;              // of the source, for a person
  int iteration = 0, planned = 0;
  double seconds = 0;            // of fitting
};

struct Recovery {
  RecoveryInfo info;
  FitOptions options;
  FitState fit;
};

// Throws Error(Save).
void writeRecovery(const std::filesystem::path& path, const Recovery& recovery);
// Throw Error(Input) when it is no such file, damaged, or of another version.
Recovery readRecovery(const std::filesystem::path& path);
RecoveryInfo readRecoveryInfo(const std::filesystem::path& path);

}  // namespace penumbra
