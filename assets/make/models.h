// The sample models: y is up, metres, standing on y = 0 or hanging around it as the thing itself would.
#pragma once
#include <span>

#include "assets/make/remesh.h"

namespace penumbra::assets {

struct Model {
  Solid solid;
  Bounds box;           // holds the solid with a margin
  double cellSize;      // of the rough surface, below the thinnest part
  RemeshOptions remesh;
};

Model avocado();
Model kettle();
Model tree();

struct NamedModel {
  const char* name;
  Model (*make)();
};
std::span<const NamedModel> models();

// The finished surface.
Mesh build(const Model& model);

}  // namespace penumbra::assets
