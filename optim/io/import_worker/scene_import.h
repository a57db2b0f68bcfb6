// A model file to triangles through assimp, with exactly one of its importers registered.
#pragma once
#include <string>

#include "optim/io/imported_scene.h"

namespace penumbra {

// Throws std::exception with the reason. All meshes of the scene, every instance with its node's transform.
ImportedScene importScene(const std::string& path);

}  // namespace penumbra
