#include "optim/io/mesh_io.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

#include "optim/io/atomic_file.h"
#include "optim/io/file_input.h"
#include "optim/io/import_process.h"
#include "optim/io/mesh_cleanup.h"
#include "optim/io/mesh_writers.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

// One row a format; `encode` is null for those that are only read.
struct MeshFormat {
  const char* extension;
  std::string (*encode)(const Mesh&);
};
constexpr MeshFormat kFormats[] = {
    {".glb", encodeGlb}, {".obj", encodeObj}, {".ply", encodePly}, {".stl", encodeStl}, {".gltf", nullptr},
};

const MeshFormat* findFormat(const fs::path& path) {
  std::string extension = path.extension().native();
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  const auto row = std::find_if(std::begin(kFormats), std::end(kFormats),
                                [&](const MeshFormat& format) { return extension == format.extension; });
  return row == std::end(kFormats) ? nullptr : row;
}

// ".glb .obj ..."
std::string extensions(bool writable) {
  std::string text;
  for (const MeshFormat& format : kFormats)
    if (!writable || format.encode != nullptr) text += std::string(text.empty() ? "" : " ") + format.extension;
  return text;
}

std::string counted(int count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

void addNotes(const ImportedScene& scene, MeshReadReport& report) {
  if (report.facesDropped > 0)
    report.notes.push_back("Dropped " + counted(report.facesDropped, "degenerate face", "degenerate faces") + " of " +
                           std::to_string(report.facesRead) + ".");
  if (scene.otherPrimitives > 0)
    report.notes.push_back("Left out " + counted(int(scene.otherPrimitives), "line or point", "lines and points") + ".");
  for (std::size_t start = 0; start < scene.text.size();) {
    const std::size_t end = std::min(scene.text.find('\n', start), scene.text.size());
    report.notes.push_back("The parser says: " + printableLine(scene.text.substr(start, end - start)) + ".");
    start = end + 1;
  }
}

void checkNotEmpty(const fs::path& path, const Mesh& mesh, const MeshReadReport& report) {
  if (!mesh.faces.empty()) return;
  std::string why = "it has no faces";
  if (report.facesRead > 0) why = "none of its " + counted(report.facesRead, "face", "faces") + " has a finite area";
  else if (report.verticesRead > 0) why += " (" + counted(report.verticesRead, "vertex", "vertices") + " only)";
  throw Error(ExitCode::Input, "Cannot use model '" + shownPath(path) + "': " + why + ".",
              "A surface made of triangles or polygons is needed.");
}

[[noreturn]] void cannotSave(const fs::path& path, const std::string& why) {
  throw Error(ExitCode::Save, "Could not save '" + shownPath(path) + "': " + why + ".");
}

void checkWritable(const fs::path& path, const Mesh& mesh) {
  if (mesh.faces.empty()) cannotSave(path, "the mesh has no faces");
  if (mesh.positions.size() > kMaxModelVertices || mesh.faces.size() > kMaxModelFaces)
    cannotSave(path, "the mesh has more than " + std::to_string(kMaxModelFaces) + " faces");
  for (const glm::vec3& p : mesh.positions)
    if (!std::isfinite(p.x) || !std::isfinite(p.y) || !std::isfinite(p.z)) cannotSave(path, "a vertex is not finite");
  const int count = int(mesh.positions.size());
  for (const Face& face : mesh.faces)
    for (int corner = 0; corner < 3; ++corner)
      if (face[corner] < 0 || face[corner] >= count) cannotSave(path, "a face refers to a missing vertex");
}

}  // namespace

bool canReadMesh(const fs::path& path) { return findFormat(path) != nullptr; }

bool canWriteMesh(const fs::path& path) {
  const MeshFormat* format = findFormat(path);
  return format != nullptr && format->encode != nullptr;
}

Mesh readMesh(const fs::path& path, MeshReadReport* report, const std::atomic<bool>* stop) {
  checkInputFile(path, kMaxModelBytes, "model");
  if (!canReadMesh(path))
    throw Error(ExitCode::Input, "Cannot read '" + shownPath(path) + "': this is no known model format.",
                "Models can be " + extensions(false) + ".");
  MeshReadReport own;
  MeshReadReport& counts = report != nullptr ? *report : own;
  counts = {};
  const ImportedScene scene = importInProcess(path, stop);
  Mesh mesh = cleanMesh(scene, counts);
  addNotes(scene, counts);
  checkNotEmpty(path, mesh, counts);
  return mesh;
}

void writeMesh(const fs::path& path, const Mesh& mesh) {
  const MeshFormat* format = findFormat(path);
  if (format == nullptr || format->encode == nullptr)
    throw Error(ExitCode::Save, "Could not save '" + shownPath(path) + "': its extension names no format to write.",
                "Use one of " + extensions(true) + ".");
  checkWritable(path, mesh);
  const std::string bytes = format->encode(mesh);
  writeFileAtomically(path, std::as_bytes(std::span(bytes)));
}

}  // namespace penumbra
