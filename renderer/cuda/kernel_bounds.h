// What each kernel must move and compute at least: no launch can be faster than its traffic at the card's bandwidth, nor
// than its operations at the card's rate. tests/bench/cuda_bench prints both beside the time that a launch took.
//
// Traffic counts each byte once a launch, as if caches were endless; bytes changed by atomic operations count as written.
// Operations are additions, products, comparisons, divisions and roots of numbers with a point, one each (kernels are
// compiled without fused ones), of what every thread does in any case; 0 where memory decides by far. Where a launch
// depends on the scene, DeviceWork has the numbers counted in it.
// A new kernel needs a row in kernel_bounds.cpp: a test compares the table with what schedules launch.
#pragma once
#include <span>
#include <string_view>

#include "renderer/device_iteration.h"

namespace penumbra::device {

struct Traffic {
  double read = 0, written = 0;      // bytes
  double floats = 0, doubles = 0;    // operations
  double bytes() const { return read + written; }
};

struct KernelBound {
  const char* kernel;  // name of its launches
  Traffic (*of)(const DeviceWork& work, double threads);  // of one launch
};

std::span<const KernelBound> kernelBounds();
const KernelBound* kernelBound(std::string_view kernel);  // null: not known

}  // namespace penumbra::device
