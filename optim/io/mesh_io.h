// Mesh files in and out. Import: .obj .glb .gltf .ply .stl; export: .obj .ply .stl .glb (by extension).
#pragma once
#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "renderer/mesh.h"

namespace penumbra {

// What happened to the file's content on its way in.
struct MeshReadReport {
  int parts = 0;                 // meshes of the scene that were merged (instances count)
  int verticesRead = 0, facesRead = 0;
  int verticesWelded = 0;        // vertices that coincided with another one
  int facesDropped = 0;          // zero-area, repeated-vertex or non-finite faces
  std::vector<std::string> notes;
};

// All meshes of the scene with their transforms applied, merged, welded (bit-equal positions), degenerate faces
// dropped, unreferenced vertices removed. Coordinates as in the file. Throws Error(Input) with one clear sentence;
// Interrupted (thread_pool.h) when `stop` is raised while the file is parsed.
Mesh readMesh(const std::filesystem::path& path, MeshReadReport* report = nullptr, const std::atomic<bool>* stop = nullptr);

// Writes atomically (temporary file beside, fsync, rename): the old file stays whole if anything fails.
// Throws Error(Save). Normals are smooth, area weighted. Vertex order is kept.
void writeMesh(const std::filesystem::path& path, const Mesh& mesh);

bool canReadMesh(const std::filesystem::path& path);   // by extension
bool canWriteMesh(const std::filesystem::path& path);  // by extension

}  // namespace penumbra
