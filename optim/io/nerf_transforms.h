// The NeRF/Blender convention: transforms_train.json with transforms_test/val.json, or one transforms.json.
//
// Each frame has `file_path`, a camera-to-world `transform_matrix` (4x4 or 3x4, rows first, OpenGL axes: x right,
// y up, looking along -z) and intrinsics of its own or of the whole file: fl_x fl_y cx cy w h (pixels),
// camera_angle_x/y (radians) or x_fov/y_fov (degrees). Of several, *_fov wins over fl_* over camera_angle_*.
// `mask_path` is used in place of the image. Comments are allowed. Lens distortion, fisheye and orthographic
// cameras are refused: undistort the images first.
// Source: Mildenhall et al., NeRF (2020), the synthetic sets; the fields added by later tools.
#pragma once
#include <filesystem>

#include "optim/io/dataset_frames.h"

namespace penumbra {

bool hasNerfTransforms(const std::filesystem::path& folder);

// Reads the JSON files only; adds every fault found (missing images are left to the caller) to `faults`.
DatasetListing listNerfTransforms(const std::filesystem::path& folder, FaultList& faults);

}  // namespace penumbra
