#include "optim/io/import_worker/scene_import.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <utility>

#include <assimp/BaseImporter.h>
#include <assimp/DefaultLogger.hpp>
#include <assimp/Importer.hpp>
#include <assimp/LogStream.hpp>
#include <assimp/importerdesc.h>
#include <assimp/postprocess.h>
#include <assimp/scene.h>

#include "optim/io/import_worker/sandboxed_files.h"
#include "optim/io/import_worker/time_budget.h"

namespace penumbra {
namespace {

struct Format {
  const char* extension;
  const char* importer;  // start of the name in assimp's description
  bool hasNeighbours;    // may refer to files beside it
};
constexpr Format kFormats[] = {
    {"obj", "Wavefront Object Importer", false},
    {"gltf", "glTF2 Importer", true},
    {"glb", "glTF2 Importer", true},
    {"ply", "Stanford Polygon Library (PLY) Importer", false},
    {"stl", "Stereolithography (STL) Importer", false},
};

const Format& formatOf(const std::string& path) {
  std::string extension = path.substr(std::min(path.size(), path.rfind('.') + 1));
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  for (const Format& format : kFormats)
    if (extension == format.extension) return format;
  throw std::runtime_error("no importer for ." + extension + " files");
}

// Content sniffing can hand a file to any registered importer, so only the wanted one stays.
void keepOnly(Assimp::Importer& importer, const char* name) {
  for (std::size_t i = importer.GetImporterCount(); i-- > 0;) {
    Assimp::BaseImporter* loader = importer.GetImporter(i);
    const char* found = loader->GetInfo() != nullptr ? loader->GetInfo()->mName : "";
    if (std::strcmp(found, name) == 0) continue;
    importer.UnregisterLoader(loader);
    delete loader;
  }
  if (importer.GetImporterCount() != 1) throw std::runtime_error(std::string("assimp here has no ") + name);
}

std::string readModel(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot be opened");
  in.seekg(0, std::ios::end);
  const std::streamoff size = in.tellg();
  if (size < 0 || std::uint64_t(size) > kMaxModelBytes) throw std::runtime_error("too large");
  std::string content(std::size_t(size), '\0');
  in.seekg(0);
  if (!in.read(content.data(), size)) throw std::runtime_error("cannot be read");
  return content;
}

void refuseWideText(const std::string& content) {
  const auto starts = [&](const char* bytes, std::size_t count) { return content.compare(0, count, bytes, count) == 0; };
  if (starts("\xff\xfe", 2) || starts("\xfe\xff", 2) || starts("\0\0\xfe\xff", 4))
    throw std::runtime_error("it is UTF-16 or UTF-32 text; save it as UTF-8");
}

void refuseCompression(const std::string& content) {
  for (const char* extension : {"KHR_draco_mesh_compression", "EXT_meshopt_compression"})
    if (content.find(std::string("\"") + extension + "\"") != std::string::npos)
      throw std::runtime_error(std::string("its geometry is compressed (") + extension + "); export it without compression");
}

// assimp 5.2 looks for the end of a PLY header without ever finding the end of the file.
void checkPlyHeader(const std::string& content) {
  if (content.rfind("ply", 0) != 0) throw std::runtime_error("it does not start with 'ply'");
  const std::size_t end = content.substr(0, 1 << 20).find("end_header");
  if (end == std::string::npos || content.find('\n', end) == std::string::npos)
    throw std::runtime_error("its header has no end_header line");
}

// Collects what the parser complains about while it goes on. Materials and textures are of no interest here.
class Complaints : public Assimp::LogStream {
 public:
  explicit Complaints(std::string& notes) : notes_(notes) {}
  void write(const char* message) override {
    std::string line = message;  // "Warn,  T0: text"
    if (const std::size_t start = line.find(": "); start != std::string::npos) line.erase(0, start + 2);
    while (!line.empty() && (line.back() == '\n' || line.back() == '.')) line.pop_back();
    for (const char* boring : {"aterial", "exture", "mtl", "ormal", "angent", "UVs", "No object detected"})
      if (line.find(boring) != std::string::npos) return;
    if (line.empty() || count_ >= 5 || notes_.find(line) != std::string::npos) return;
    ++count_;
    notes_ += line.substr(0, 200) + "\n";
  }

 private:
  std::string& notes_;
  int count_ = 0;
};

// "GLTF: No scene." -> "No scene"
std::string plainReason(std::string text) {
  for (const char* prefix : {"GLTF: ", "OBJ: ", "PLY: ", "STL: "})
    if (text.rfind(prefix, 0) == 0) text.erase(0, std::strlen(prefix));
  while (!text.empty() && (text.back() == '.' || text.back() == ' ' || text.back() == '\n')) text.pop_back();
  // What a person can act on, where the parser's own words are too short.
  if (text == "No scene") return "it holds no scene, so there is nothing to show";
  if (text == "BIN chunk missing") return "its binary part is missing; the file seems to be cut off";
  return text;
}

using Transform = glm::dmat4;

Transform toGlm(const aiMatrix4x4& m) {
  return {{m.a1, m.b1, m.c1, m.d1}, {m.a2, m.b2, m.c2, m.d2}, {m.a3, m.b3, m.c3, m.d3}, {m.a4, m.b4, m.c4, m.d4}};
}

// Appends one instance. Faces are turned over by a mirroring transform, so they are turned back.
void appendMesh(const aiMesh& mesh, const Transform& worldFromMesh, ImportedScene& scene) {
  const std::size_t first = scene.positions.size();
  if (first + mesh.mNumVertices > kMaxModelVertices || scene.faces.size() + mesh.mNumFaces > kMaxModelFaces)
    throw std::runtime_error("it has more than " + std::to_string(kMaxModelFaces) + " triangles");
  for (unsigned v = 0; v < mesh.mNumVertices; ++v) {
    const aiVector3D& p = mesh.mVertices[v];
    scene.positions.emplace_back(glm::dvec3(worldFromMesh * glm::dvec4(p.x, p.y, p.z, 1)));
  }
  const bool mirrored = glm::determinant(glm::dmat3(worldFromMesh)) < 0;
  for (unsigned f = 0; f < mesh.mNumFaces; ++f) {
    const aiFace& face = mesh.mFaces[f];
    if (face.mNumIndices != 3) {
      ++scene.otherPrimitives;
      continue;
    }
    const unsigned* index = face.mIndices;
    if (std::max({index[0], index[1], index[2]}) >= mesh.mNumVertices) throw std::runtime_error("a face refers to a missing vertex");
    Face corners(int(first + index[0]), int(first + index[1]), int(first + index[2]));
    if (mirrored) std::swap(corners.y, corners.z);
    scene.faces.push_back(corners);
  }
  ++scene.parts;
}

ImportedScene flatten(const aiScene& scene) {
  ImportedScene result;
  std::vector<std::pair<const aiNode*, Transform>> open{{scene.mRootNode, Transform(1)}};
  while (!open.empty()) {
    const auto [node, worldFromParent] = open.back();
    open.pop_back();
    const Transform worldFromNode = worldFromParent * toGlm(node->mTransformation);
    for (unsigned m = 0; m < node->mNumMeshes; ++m)
      if (node->mMeshes[m] < scene.mNumMeshes) appendMesh(*scene.mMeshes[node->mMeshes[m]], worldFromNode, result);
    for (unsigned c = node->mNumChildren; c-- > 0;) open.emplace_back(node->mChildren[c], worldFromNode);
  }
  return result;
}

}  // namespace

ImportedScene importScene(const std::string& path) {
  const Format& format = formatOf(path);
  const std::string content = readModel(path);
  refuseWideText(content);
  extendTimeBudget(content.size());
  if (format.hasNeighbours) refuseCompression(content);
  if (std::strcmp(format.extension, "ply") == 0) checkPlyHeader(content);
  const std::string name = std::string("model.") + format.extension;
  const std::size_t slash = path.rfind('/');
  const std::string folder = !format.hasNeighbours ? "" : slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  std::string notes;
  Assimp::DefaultLogger::create(nullptr, Assimp::Logger::NORMAL, 0);
  Assimp::DefaultLogger::get()->attachStream(new Complaints(notes), Assimp::Logger::Warn | Assimp::Logger::Err);
  Assimp::Importer importer;
  keepOnly(importer, format.importer);
  auto* files = new SandboxedFiles(name, content, folder, kMaxModelBytes);
  importer.SetIOHandler(files);  // takes ownership
  const aiScene* scene = importer.ReadFile(name, aiProcess_Triangulate);
  if (scene == nullptr || scene->mRootNode == nullptr)
    throw std::runtime_error(!files->refusal().empty() ? files->refusal() : plainReason(importer.GetErrorString()));
  ImportedScene result = flatten(*scene);
  result.text = notes;
  return result;
}

}  // namespace penumbra
