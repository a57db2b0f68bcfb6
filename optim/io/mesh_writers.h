// One function a mesh format: the whole file as bytes. `mesh` was checked: finite, faces in range, not empty.
#pragma once
#include <string>
#include <vector>

#include "renderer/mesh.h"

namespace penumbra {

// Text, shortest decimals that read back to the same float; `v`, `vn`, `f a//a b//b c//c`.
std::string encodeObj(const Mesh& mesh);
// Binary little endian: float x y z nx ny nz; list uchar int vertex_indices.
std::string encodePly(const Mesh& mesh);
// Binary: 80-byte header, u32 count, per face normal and corners. Vertices are not shared in this format.
std::string encodeStl(const Mesh& mesh);
// glTF 2.0 binary: one mesh, one primitive, POSITION with min/max, NORMAL, uint32 indices.
std::string encodeGlb(const Mesh& mesh);

// Unit vertex normals, weighted by face area; (0, 0, 1) where the faces around a vertex cancel out.
std::vector<glm::vec3> vertexNormals(const Mesh& mesh);

}  // namespace penumbra
