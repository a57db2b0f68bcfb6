// Model files: what is written comes back, scenes are merged rightly, any file name works.
#include "optim/io/mesh_io.h"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstring>
#include <limits>
#include <locale>

#include <nlohmann/json.hpp>

#include "renderer/error.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

class MeshFormats : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, MeshFormats, testing::Values("obj", "ply", "stl", "glb"),
                         [](const auto& test) { return std::string(test.param); });

// Corner by corner, because formats may number vertices anew.
double largestCornerError(const Mesh& a, const Mesh& b) {
  if (a.faces.size() != b.faces.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (std::size_t f = 0; f < a.faces.size(); ++f)
    for (int corner = 0; corner < 3; ++corner) {
      const glm::dvec3 p(a.positions[std::size_t(a.faces[f][corner])]), q(b.positions[std::size_t(b.faces[f][corner])]);
      worst = std::max(worst, glm::length(p - q));
    }
  return worst;
}

TEST_P(MeshFormats, comeBackWithinAMillionthOfTheirSize) {
  const TemporaryFolder folder;
  for (const double size : {1e-4, 1.0, 3e5}) {
    const Mesh mesh = torusMesh(40, 20, size * glm::dvec3(0.3, -0.7, 0.9), size);
    const auto file = folder / ("torus." + std::string(GetParam()));
    writeMesh(file, mesh);
    MeshReadReport report;
    const Mesh back = readMesh(file, &report);
    EXPECT_EQ(back.positions.size(), mesh.positions.size());
    EXPECT_LE(largestCornerError(mesh, back), 1e-6 * boundsOf(mesh).diagonal()) << size;
    EXPECT_EQ(report.facesRead, int(mesh.faces.size()));
    EXPECT_EQ(report.facesDropped, 0);
    EXPECT_EQ(report.parts, 1);
    EXPECT_TRUE(report.notes.empty()) << report.notes[0];
  }
}

// Far from the origin a float's last place is a large part of the size, so nothing may be lost on the way.
TEST_P(MeshFormats, comeBackWithinOneRoundingFarFromTheOrigin) {
  const TemporaryFolder folder;
  const Mesh mesh = torusMesh(24, 12, {1000.3, -2000.7, 500.1});
  const auto file = folder / ("far." + std::string(GetParam()));
  writeMesh(file, mesh);
  const double lastPlace = 2000.0 * std::numeric_limits<float>::epsilon();
  EXPECT_LE(largestCornerError(mesh, readMesh(file)), lastPlace);
}

TEST_P(MeshFormats, areWrittenTheSameInAnyLocale) {
  struct Comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const TemporaryFolder folder;
  const Mesh mesh = torusMesh(40, 40, {0.1, 0.2, 0.3});
  const std::string extension = GetParam();
  writeMesh(folder / ("before." + extension), mesh);
  const std::locale old = std::locale::global(std::locale(std::locale::classic(), new Comma));
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"})
    if (std::setlocale(LC_ALL, name) != nullptr) break;
  writeMesh(folder / ("after." + extension), mesh);
  const Mesh back = readMesh(folder / ("after." + extension));
  std::setlocale(LC_ALL, "C");
  std::locale::global(old);
  EXPECT_EQ(contentOf(folder / ("before." + extension)), contentOf(folder / ("after." + extension)));
  EXPECT_LE(largestCornerError(mesh, back), 1e-6);
}

TEST_P(MeshFormats, canHaveAnyFileName) {
  const TemporaryFolder folder;
  const Mesh mesh = torusMesh(5, 4);
  for (const std::string& name : std::initializer_list<std::string>{"with space", "quote'\"$(x)`", "line\nbreak", "caf\xc3\xa9", "not utf8 \xff\xfe", "-o", "a.b.c", "%20"}) {
    const auto file = folder / (name + "." + GetParam());
    writeMesh(file, mesh);
    EXPECT_EQ(readMesh(file).faces.size(), mesh.faces.size()) << name;
  }
  const auto shouting = folder / ("LOUD." + std::string(GetParam() == std::string("stl") ? "STL" : "Glb"));
  writeMesh(shouting, mesh);
  EXPECT_EQ(readMesh(shouting).faces.size(), mesh.faces.size());
}

TEST(MeshIo, keepsVertexOrderWhereTheFormatSharesVertices) {
  const TemporaryFolder folder;
  const Mesh mesh = torusMesh(9, 7);
  for (const char* name : {"a.glb", "a.ply"}) {
    writeMesh(folder / name, mesh);
    const Mesh back = readMesh(folder / name);
    EXPECT_EQ(back.positions, mesh.positions) << name;
    EXPECT_EQ(back.faces, mesh.faces) << name;
  }
}

// The rules of glTF 2.0 that a validator checks: chunk layout, alignment, exact bounds, unit normals.
TEST(MeshIo, writesValidGlb) {
  const TemporaryFolder folder;
  Mesh mesh = torusMesh(7, 5, {0.1, -3, 7});
  mesh.positions.emplace_back(50, 60, 70);  // used by no face
  writeMesh(folder / "a.glb", mesh);
  const std::string bytes = contentOf(folder / "a.glb");
  const auto word = [&](std::size_t at) { std::uint32_t value; std::memcpy(&value, &bytes.at(at), 4); return value; };
  EXPECT_EQ(word(0), 0x46546c67u);
  EXPECT_EQ(word(4), 2u);
  EXPECT_EQ(word(8), bytes.size());
  const std::uint32_t jsonBytes = word(12);
  EXPECT_EQ(word(16), 0x4e4f534au);
  EXPECT_EQ(jsonBytes % 4, 0u);
  const auto json = nlohmann::json::parse(bytes.substr(20, jsonBytes));
  const std::uint32_t binaryBytes = word(20 + jsonBytes);
  EXPECT_EQ(word(24 + jsonBytes), 0x004e4942u);
  EXPECT_EQ(28 + jsonBytes + binaryBytes, bytes.size());
  EXPECT_EQ(json["buffers"][0]["byteLength"], binaryBytes);
  const auto& position = json["accessors"][0];
  EXPECT_EQ(position["count"], mesh.positions.size());
  EXPECT_EQ(position["componentType"], 5126);
  EXPECT_EQ(json["accessors"][2]["componentType"], 5125);
  EXPECT_EQ(json["accessors"][2]["count"], 3 * mesh.faces.size());
  const Bounds bounds = boundsOf(mesh);
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(position["min"][std::size_t(k)].get<double>(), bounds.lower[k]);
    EXPECT_EQ(position["max"][std::size_t(k)].get<double>(), bounds.upper[k]);
  }
  const std::size_t normals = 28 + jsonBytes + json["bufferViews"][1]["byteOffset"].get<std::size_t>();
  for (std::size_t v = 0; v < mesh.positions.size(); ++v) {
    glm::vec3 normal;
    std::memcpy(&normal, &bytes.at(normals + 12 * v), 12);
    EXPECT_NEAR(glm::length(normal), 1, 1e-6);
  }
}

TEST(MeshIo, normalsPointOutOfATorus) {
  const TemporaryFolder folder;
  const Mesh mesh = torusMesh(32, 16);
  writeMesh(folder / "a.ply", mesh);
  const std::string bytes = contentOf(folder / "a.ply");
  const std::size_t start = bytes.find("end_header\n") + 11;
  for (std::size_t v = 0; v < mesh.positions.size(); ++v) {
    glm::vec3 row[2];
    std::memcpy(row, &bytes.at(start + 24 * v), 24);
    const glm::vec3 ring = 0.35f * glm::normalize(glm::vec3(row[0].x, row[0].y, 0));
    EXPECT_GT(glm::dot(glm::normalize(row[0] - ring), row[1]), 0.97f);
  }
}

TEST(MeshIo, weldsDropsAndCounts) {
  const TemporaryFolder folder;
  // Two triangles sharing an edge by position only; a repeated vertex; a flat face; a NaN corner; an unused vertex.
  const auto file = folder.write("a.obj",
                                 "v 0 0 0\nv 1 0 0\nv 0 1 0\nv -0 1 0\nv 1 0 0\nv 1 1 0\nv 2 0 0\nv nan 0 0\nv 9 9 9\n"
                                 "f 1 2 3\nf 4 5 6\nf 1 1 2\nf 1 2 7\nf 1 2 8\n");
  MeshReadReport report;
  const Mesh mesh = readMesh(file, &report);
  EXPECT_EQ(mesh.positions.size(), 4u);
  EXPECT_EQ(mesh.faces.size(), 2u);
  EXPECT_EQ(report.facesRead, 5);
  EXPECT_EQ(report.facesDropped, 3);
  EXPECT_GE(report.verticesWelded, 2);
  ASSERT_FALSE(report.notes.empty());
  EXPECT_EQ(report.notes[0], "Dropped 3 degenerate faces of 5.");
}

TEST(MeshIo, turnsPolygonsIntoTriangles) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.obj", "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv -1 0.5 0\nf 1 2 3 4 5\n");
  EXPECT_EQ(readMesh(file).faces.size(), 3u);
}

// One triangle mesh, placed three times: as it is, moved by a nested pair of nodes, and mirrored.
std::string instancedGltf(const std::string& uri) {
  return R"({"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0,1,3]}],"nodes":[{"mesh":0},
    {"translation":[10,0,0],"children":[2]},{"mesh":0,"scale":[2,2,2]},{"mesh":0,"scale":[-1,1,1]}],
    "meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],
    "accessors":[{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]}],
    "bufferViews":[{"buffer":0,"byteLength":36}],"buffers":[{"byteLength":36,"uri":")" + uri + "\"}]}";
}

std::string triangleBytes() {
  const float corners[9] = {0, 0, 0, 1, 0, 0, 0, 1, 0};
  return std::string(reinterpret_cast<const char*>(corners), sizeof(corners));
}

TEST(MeshIo, mergesAllInstancesWithTheirTransforms) {
  const TemporaryFolder folder;
  folder.write("some part.bin", triangleBytes());
  MeshReadReport report;
  const Mesh mesh = readMesh(folder.write("scene.gltf", instancedGltf("some%20part.bin")), &report);
  EXPECT_EQ(report.parts, 3);
  ASSERT_EQ(mesh.faces.size(), 3u);
  const auto corner = [&](std::size_t face, int k) { return mesh.positions[std::size_t(mesh.faces[face][k])]; };
  EXPECT_EQ(corner(1, 1), glm::vec3(12, 0, 0));
  EXPECT_EQ(corner(1, 2), glm::vec3(10, 2, 0));
  // All three still face +z, the mirrored one too.
  for (std::size_t f = 0; f < 3; ++f)
    EXPECT_GT(glm::cross(corner(f, 1) - corner(f, 0), corner(f, 2) - corner(f, 0)).z, 0) << f;
  EXPECT_EQ(mesh.positions.size(), 7u);  // the first and the mirrored one share two corners
}

std::string messageOf(const std::filesystem::path& file) {
  try {
    readMesh(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::Input);
    return error.full();
  }
  return "no error";
}

TEST(MeshIo, refusesBuffersOutsideTheModelsFolder) {
  const TemporaryFolder folder;
  const auto secret = folder.write("secret.bin", triangleBytes());
  for (const std::string& uri : {std::string("../secret.bin"), std::string("x/../../secret.bin"), secret.native(),
                                "file://" + secret.native(), std::string("%2e%2e/secret.bin")})
    EXPECT_NE(messageOf(folder.write("models/a.gltf", instancedGltf(uri))).find("outside its folder"), std::string::npos) << uri;
  std::filesystem::create_symlink(secret, folder / "models/link.bin");
  EXPECT_NE(messageOf(folder.write("models/b.gltf", instancedGltf("link.bin"))).find("link.bin"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("models/c.gltf", instancedGltf("absent.bin"))).find("'absent.bin'"), std::string::npos);
}

TEST(MeshIo, refusesToWriteWhatIsNoMesh) {
  const TemporaryFolder folder;
  Mesh mesh = torusMesh(5, 4);
  EXPECT_THROW(writeMesh(folder / "a.xyz", mesh), Error);
  EXPECT_THROW(writeMesh(folder / "a.glb", Mesh{}), Error);
  Mesh holes = mesh;
  holes.faces[0].x = 1000;
  EXPECT_THROW(writeMesh(folder / "a.glb", holes), Error);
  mesh.positions[3].y = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(writeMesh(folder / "a.glb", mesh), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(MeshIo, knowsItsFormatsByExtension) {
  for (const char* name : {"a.obj", "a.OBJ", "b/c.glb", "a.gltf", "a.ply", "a.stl"}) EXPECT_TRUE(canReadMesh(name)) << name;
  for (const char* name : {"a.obj", "a.glb", "a.ply", "a.stl"}) EXPECT_TRUE(canWriteMesh(name)) << name;
  for (const char* name : {"a", "a.off", "obj", ".obj", "a.png"}) EXPECT_FALSE(canReadMesh(name)) << name;
  EXPECT_FALSE(canWriteMesh("a.gltf"));
}

}  // namespace
}  // namespace penumbra
