// Folders of calibrated masks. One row a format in the table of readers (dataset_io.cpp); first match wins.
#pragma once
#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "optim/view_set.h"

namespace penumbra {

struct DatasetOptions {
  int maxSize = 512;     // longer image side after area-filtered reduction; 0 keeps the files' size
  int useEvery = 1;      // take every n-th training view
  int holdOutEvery = 8;  // every n-th view is held out when the set has no test/val split; 0: none
  int maxHeldOut = 16;   // at most so many held-out views, evenly picked
  bool invert = false;   // white means background
  const std::atomic<bool>* stop = nullptr;  // raised: Interrupted (thread_pool.h) is thrown between two images
};

// Cameras and masks in the folder's own coordinates (normalisation is the identity). All faults of a set are
// collected and reported together in one Error(Input).
ViewSet readDataset(const std::filesystem::path& folder, const DatasetOptions& options);

// True when some reader recognises the folder (cheap: looks for its files only).
bool canReadDataset(const std::filesystem::path& folder);

// One line a known format, for help texts and error messages: "NeRF/Blender: transforms.json + RGBA PNG".
std::vector<std::string> datasetFormats();

// Writes masks as RGBA PNG (white object, alpha = coverage) and transforms.json (NeRF convention, per-frame
// intrinsics when they differ) in input coordinates. Training views go to transforms_train.json when held-out
// views exist (transforms_test.json), else all to transforms.json. Throws Error(Save).
void writeDataset(const std::filesystem::path& folder, const ViewSet& views);

}  // namespace penumbra
