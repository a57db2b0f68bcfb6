// What the host fills in for kernels, or reads of theirs, byte by byte: the compilers of both must lay it out alike. Included
// where kernels are compiled for the card, and by a test on the host.
#pragma once
#include "renderer/cuda/contour_pull.h"
#include "renderer/cuda/hull_kernels.h"
#include "renderer/cuda/mesh_terms.h"
#include "renderer/cuda/newton_system.h"
#include "renderer/cuda/outline_kernels.h"
#include "renderer/cuda/picture_kernels.h"

namespace penumbra::device {

static_assert(sizeof(Vec3<float>) == 12 && sizeof(Face) == 12 && sizeof(glm::ivec2) == 8);
static_assert(sizeof(CameraT<float>) == 72 && sizeof(CameraT<double>) == 136);
static_assert(sizeof(ViewRecord) == 248 && alignof(ViewRecord) == 8);
static_assert(sizeof(Slot) == 272 && sizeof(IterationRecord) == 24 && sizeof(PictureRecord) == 24);
static_assert(sizeof(Counters) == 96 && sizeof(ViewSums) == 40 && sizeof(MeshTotals) == 56);
static_assert(sizeof(NewtonRecord) == 56 && sizeof(NewtonProgress) == 160 && sizeof(CoveredSums) == 24);
static_assert(sizeof(NewtonTerm) == 108 && sizeof(Symmetric3) == 24);
static_assert(sizeof(HullViewRecord) == 88 && sizeof(MaskSize) == 8 && sizeof(BallSide) == 1);

}  // namespace penumbra::device
