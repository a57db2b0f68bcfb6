#include "optim/io/mesh_writers.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace penumbra {
namespace {

static_assert(std::endian::native == std::endian::little, "the binary formats are written as memory lies");

glm::dvec3 crossOfFace(const Mesh& mesh, const Face& face) {
  const glm::dvec3 a(mesh.positions[std::size_t(face.x)]);
  return glm::cross(glm::dvec3(mesh.positions[std::size_t(face.y)]) - a, glm::dvec3(mesh.positions[std::size_t(face.z)]) - a);
}

glm::vec3 unitOr(const glm::dvec3& v, const glm::vec3& fallback) {
  const double length = glm::length(v);
  return length > 0 && std::isfinite(length) ? glm::vec3(v / length) : fallback;
}

template <class Value> void append(std::string& to, const Value& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(Value));
}

template <class Number> void appendText(std::string& to, Number number) {
  char text[40];
  to.append(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

void appendLine(std::string& to, const char* word, const glm::vec3& v) {
  to += word;
  for (int k = 0; k < 3; ++k) {
    to += ' ';
    appendText(to, v[k]);
  }
  to += '\n';
}

// "[x,y,z]" as doubles, so that the text is exactly the float.
std::string jsonVector(const glm::vec3& v) {
  std::string text = "[";
  for (int k = 0; k < 3; ++k) {
    if (k > 0) text += ',';
    appendText(text, double(v[k]));
  }
  return text + "]";
}

std::string glbJson(const Mesh& mesh) {
  glm::vec3 lower = mesh.positions[0], upper = mesh.positions[0];
  for (const glm::vec3& p : mesh.positions) {
    lower = glm::min(lower, p);
    upper = glm::max(upper, p);
  }
  const std::string vertices = std::to_string(mesh.positions.size());
  const std::size_t vectorBytes = mesh.positions.size() * 12, indexBytes = mesh.faces.size() * 12;
  std::string json = R"({"asset":{"version":"2.0","generator":"Penumbra"},"scene":0,"scenes":[{"nodes":[0]}],)"
                     R"("nodes":[{"mesh":0}],"meshes":[{"primitives":[{"attributes":{"POSITION":0,"NORMAL":1},"indices":2}]}],)"
                     R"("accessors":[{"bufferView":0,"componentType":5126,"type":"VEC3","count":)" + vertices +
                     ",\"min\":" + jsonVector(lower) + ",\"max\":" + jsonVector(upper) +
                     R"(},{"bufferView":1,"componentType":5126,"type":"VEC3","count":)" + vertices +
                     R"(},{"bufferView":2,"componentType":5125,"type":"SCALAR","count":)" +
                     std::to_string(mesh.faces.size() * 3) + "}],";
  const auto view = [](std::size_t offset, std::size_t length, int target) {
    return "{\"buffer\":0,\"byteOffset\":" + std::to_string(offset) + ",\"byteLength\":" + std::to_string(length) +
           ",\"target\":" + std::to_string(target) + "}";
  };
  json += "\"bufferViews\":[" + view(0, vectorBytes, 34962) + "," + view(vectorBytes, vectorBytes, 34962) + "," +
          view(2 * vectorBytes, indexBytes, 34963) + "],\"buffers\":[{\"byteLength\":" +
          std::to_string(2 * vectorBytes + indexBytes) + "}]}";
  json.append((4 - json.size() % 4) % 4, ' ');
  return json;
}

}  // namespace

std::vector<glm::vec3> vertexNormals(const Mesh& mesh) {
  std::vector<glm::dvec3> sums(mesh.positions.size(), glm::dvec3(0));
  for (const Face& face : mesh.faces) {
    const glm::dvec3 normal = crossOfFace(mesh, face);
    for (int corner = 0; corner < 3; ++corner) sums[std::size_t(face[corner])] += normal;
  }
  std::vector<glm::vec3> normals(sums.size());
  for (std::size_t v = 0; v < sums.size(); ++v) normals[v] = unitOr(sums[v], {0, 0, 1});
  return normals;
}

std::string encodeObj(const Mesh& mesh) {
  std::string text = "# Penumbra: " + std::to_string(mesh.positions.size()) + " vertices, " +
                     std::to_string(mesh.faces.size()) + " faces\n";
  text.reserve(mesh.positions.size() * 80 + mesh.faces.size() * 50);
  for (const glm::vec3& p : mesh.positions) appendLine(text, "v", p);
  for (const glm::vec3& n : vertexNormals(mesh)) appendLine(text, "vn", n);
  for (const Face& face : mesh.faces) {
    text += 'f';
    for (int corner = 0; corner < 3; ++corner) {
      text += ' ';
      appendText(text, face[corner] + 1);
      text += "//";
      appendText(text, face[corner] + 1);
    }
    text += '\n';
  }
  return text;
}

std::string encodePly(const Mesh& mesh) {
  std::string bytes = "ply\nformat binary_little_endian 1.0\ncomment Penumbra\nelement vertex " +
                      std::to_string(mesh.positions.size()) +
                      "\nproperty float x\nproperty float y\nproperty float z\nproperty float nx\nproperty float ny\n"
                      "property float nz\nelement face " + std::to_string(mesh.faces.size()) +
                      "\nproperty list uchar int vertex_indices\nend_header\n";
  bytes.reserve(bytes.size() + mesh.positions.size() * 24 + mesh.faces.size() * 13);
  const std::vector<glm::vec3> normals = vertexNormals(mesh);
  for (std::size_t v = 0; v < normals.size(); ++v) {
    append(bytes, mesh.positions[v]);
    append(bytes, normals[v]);
  }
  for (const Face& face : mesh.faces) {
    append(bytes, std::uint8_t(3));
    append(bytes, face);
  }
  return bytes;
}

std::string encodeStl(const Mesh& mesh) {
  std::string bytes = "Penumbra, binary STL";  // must not start with "solid", the mark of the text form
  bytes.resize(80, ' ');
  append(bytes, std::uint32_t(mesh.faces.size()));
  bytes.reserve(bytes.size() + mesh.faces.size() * 50);
  for (const Face& face : mesh.faces) {
    append(bytes, unitOr(crossOfFace(mesh, face), {0, 0, 0}));
    for (int corner = 0; corner < 3; ++corner) append(bytes, mesh.positions[std::size_t(face[corner])]);
    append(bytes, std::uint16_t(0));
  }
  return bytes;
}

std::string encodeGlb(const Mesh& mesh) {
  const std::string json = glbJson(mesh);
  const std::vector<glm::vec3> normals = vertexNormals(mesh);
  const std::size_t binary = mesh.positions.size() * 24 + mesh.faces.size() * 12;
  std::string bytes;
  bytes.reserve(28 + json.size() + binary);
  for (const std::uint32_t word : {std::uint32_t(0x46546c67), 2u, std::uint32_t(28 + json.size() + binary),
                                   std::uint32_t(json.size()), std::uint32_t(0x4e4f534a)})
    append(bytes, word);
  bytes += json;
  append(bytes, std::uint32_t(binary));
  append(bytes, std::uint32_t(0x004e4942));
  const auto appendAll = [&](const auto& values) {
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
  };
  appendAll(mesh.positions);
  appendAll(normals);
  appendAll(mesh.faces);
  return bytes;
}

}  // namespace penumbra
