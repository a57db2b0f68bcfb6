// Raw triangles of a file to a usable mesh: welded, no degenerate faces, no unreferenced vertices.
#pragma once
#include "optim/io/imported_scene.h"
#include "optim/io/mesh_io.h"
#include "renderer/mesh.h"

namespace penumbra {

// Welds vertices of bit-equal position (0 and -0 are equal), then drops faces with a non-finite corner, a repeated
// vertex or exactly zero area, then vertices no face uses. Vertex and face order is that of the file. Fills the
// counts of `report`. The result may be empty.
Mesh cleanMesh(const ImportedScene& scene, MeshReadReport& report);

}  // namespace penumbra
