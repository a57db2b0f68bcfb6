// The hull's grid, sampled on a graphics card (renderer/device_hull.h): the same as sampleHull() of hull_grid.h makes.
#pragma once
#include "optim/hull/hull_field.h"
#include "optim/hull/hull_grid.h"
#include "renderer/device_hull.h"

namespace penumbra {

// Throws Error(Input) when nothing is inside, and what the card throws when it fails.
HullGrid sampleHull(const HullField& field, int resolution, DeviceHull& device, ThreadPool& pool);

// Distances to the outlines of the views' masks less what View::width says, inside positive; likewise.
std::vector<Mask> signedDistances(std::span<const View> views, DeviceHull& device);

}  // namespace penumbra
