// Broken models and a broken parser: always one sentence, soon, and never the end of the program.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <sys/stat.h>

#include "optim/io/import_process.h"
#include "optim/io/mesh_io.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/error.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;
// A second is promised; the rest is for a busy machine and sanitizers.
constexpr double kSeconds = 20;

// Reads and returns the error's sentences, empty when it loaded. Anything but Error fails the test.
std::string outcome(const fs::path& file) {
  const auto start = std::chrono::steady_clock::now();
  std::string text;
  try {
    const Mesh mesh = readMesh(file);
    EXPECT_FALSE(mesh.faces.empty()) << file;
  } catch (const Error& error) {
    text = error.full();
    EXPECT_EQ(error.code(), ExitCode::Input) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_GT(text.size(), 20u);
    EXPECT_TRUE(std::string(error.what()).ends_with('.')) << text;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_LT(seconds, kSeconds) << file;
  return text;
}

void expectSays(const fs::path& file, const std::string& part) {
  const std::string text = outcome(file);
  EXPECT_NE(text.find(part), std::string::npos) << "got: " << text;
}

TEST(ModelFaults, saysWhatIsWrongWithTheFile) {
  const TemporaryFolder folder;
  expectSays(folder / "absent.obj", "no such file");
  fs::create_directory(folder / "folder.obj");
  expectSays(folder / "folder.obj", "is a folder");
  ASSERT_EQ(::mkfifo((folder / "pipe.obj").c_str(), 0600), 0);
  expectSays(folder / "pipe.obj", "not a regular file");
  expectSays(folder.write("empty.glb", ""), "empty (0 bytes)");
  expectSays(folder.write("model.fbx", "x"), "no known model format");
  expectSays(folder.write("pointer.glb", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"), "git lfs pull");
  expectSays(folder.write("wide.obj", std::string("\xff\xfe" "v\0 \0", 6)), "UTF-16");
  expectSays(folder.write("points.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\n"), "no faces");
  expectSays(folder.write("flat.obj", "v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n"), "finite area");
  expectSays(folder.write("draco.gltf", R"({"asset":{"version":"2.0"},"extensionsRequired":["KHR_draco_mesh_compression"]})"), "compressed");
  fs::create_symlink(folder / "loop.ply", folder / "loop.ply");
  expectSays(folder / "loop.ply", "loop.ply");
}

TEST(ModelFaults, refusesAFileOverTheSizeLimitAtOnce) {
  const TemporaryFolder folder;
  const auto file = folder.write("huge.stl", "x");
  fs::resize_file(file, (512ull << 20) + 1);  // sparse, takes no room
  expectSays(file, "the limit for a model is 512 MiB");
}

TEST(ModelFaults, survivesHostileText) {
  const TemporaryFolder folder;
  const std::string deep(100'000, '['), manyCorners = [] {
    std::string face = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf";
    for (int i = 0; i < 50'000; ++i) face += " " + std::to_string(1 + i % 3);
    return face + "\n";
  }();
  const std::pair<const char*, std::string> files[] = {
      {"index.obj", "v 0 0 0\nf 1 2 2000000000\n"},
      {"negative.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -99\n"},
      {"zero.obj", "v 0 0 0\nf 0 0 0\n"},
      {"words.obj", "v a b c\nf x/y/z\n"},
      {"corners.obj", manyCorners},
      {"cut.obj", "v 0 0 0\nv 1 0"},
      {"binary.obj", std::string(3000, '\0')},
      {"slashes.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1/////// 2/ 3//\n"},
      {"deep.gltf", deep},
      {"deep2.gltf", "{\"a\":" + deep + "}"},
      {"scene.gltf", R"({"asset":{"version":"2.0"},"scene":7,"scenes":[]})"},
      {"loop.gltf", R"({"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"children":[1]},{"children":[0]}]})"},
      {"bomb.gltf", R"({"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"accessors":[{"componentType":5126,"count":2000000000,"type":"VEC3"}]})"},
      {"wrap.gltf", R"({"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"accessors":[{"bufferView":0,"byteOffset":18446744073709551000,"componentType":5126,"count":3,"type":"VEC3"}],"bufferViews":[{"buffer":0,"byteLength":36,"byteStride":252}],"buffers":[{"byteLength":36,"uri":"data:application/octet-stream;base64,AAAA"}]})"},
      {"count.ply", "ply\nformat ascii 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 0 0\n"},
      {"list.ply", "ply\nformat binary_little_endian 1.0\nelement face 1\nproperty list int int vertex_indices\nend_header\n\xff\xff\xff\x7f"},
      {"header.ply", "ply\nformat ascii 1.0\nelement vertex"},
      {"triangles.stl", std::string(80, 'x') + "\xff\xff\xff\xff"},
      {"text.stl", "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0"},
      {"noise.stl", "solid\n" + std::string(500, '\x80')},
      {"magic.glb", std::string("glTF\2\0\0\0\xff\xff\xff\xff\xff\xff\xff\xffJSON", 20)},
  };
  for (const auto& [name, content] : files) outcome(folder.write(name, content));
}

TEST(ModelFaults, survivesTruncationAnywhere) {
  const TemporaryFolder folder;
  for (const std::string extension : {"obj", "ply", "stl", "glb"}) {
    writeMesh(folder / ("whole." + extension), torusMesh(6, 5));
    const std::string bytes = contentOf(folder / ("whole." + extension));
    for (std::size_t part = 1; part <= 12; ++part)
      outcome(folder.write("cut." + extension, std::string_view(bytes).substr(0, bytes.size() * part / 13)));
  }
}

// Replaces the parser by a shell script for the time of a test.
class FakeParser {
 public:
  explicit FakeParser(const std::string& script) {
    const auto file = folder_.write("parser", "#!/bin/sh\n" + script + "\n");
    ::chmod(file.c_str(), 0700);
    ::setenv("PENUMBRA_IMPORT_WORKER", file.c_str(), 1);
    model = folder_.write("model.obj", "v 0 0 0\n");
  }
  ~FakeParser() { ::unsetenv("PENUMBRA_IMPORT_WORKER"); }
  FakeParser(const FakeParser&) = delete;
  FakeParser& operator=(const FakeParser&) = delete;
  std::string error(std::chrono::milliseconds limit = std::chrono::seconds(20)) const {
    try {
      importInProcess(model, nullptr, limit);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  // Sends these bytes as the parser's reply.
  static std::string reply(const SceneHeader& header, const std::string& rest = {}) {
    std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header)), script = "printf '";
    bytes += rest;
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      script += {'\\', char('0' + (byte >> 6)), char('0' + (byte >> 3 & 7)), char('0' + (byte & 7))};
    }
    return script + "' >&3";
  }
  fs::path model;

 private:
  TemporaryFolder folder_;
};

TEST(ModelFaults, survivesAParserThatCrashes) {
  EXPECT_NE(FakeParser("kill -SEGV $$").error().find("signal 11"), std::string::npos);
  EXPECT_NE(FakeParser("kill -KILL $$").error().find("signal 9"), std::string::npos);
  EXPECT_NE(FakeParser("exit 0").error().find("no result"), std::string::npos);
  EXPECT_NE(FakeParser("kill -PROF $$").error().find("far too long"), std::string::npos);
  EXPECT_NE(FakeParser("kill -XCPU $$").error().find("far too long"), std::string::npos);
}

TEST(ModelFaults, stopsAParserThatHangs) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_NE(FakeParser("exec sleep 30").error(std::chrono::milliseconds(200)).find("too long"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(ModelFaults, stopsAParserWhenAsked) {
  const FakeParser parser("exec sleep 30");
  std::atomic<bool> stop{true};
  EXPECT_THROW(importInProcess(parser.model, &stop), Interrupted);
  stop = false;
  const auto start = std::chrono::steady_clock::now();
  std::thread person([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop = true;
  });
  EXPECT_THROW(readMesh(parser.model, nullptr, &stop), Interrupted);
  person.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(ModelFaults, trustsNoReply) {
  EXPECT_NE(FakeParser("printf 'nonsense nonsense nonsense nonsense nonsense' >&3").error().find("does not understand"), std::string::npos);
  SceneHeader header;
  header.faces = 1ull << 60;
  EXPECT_NE(FakeParser(FakeParser::reply(header)).error().find("limit is 20000000"), std::string::npos);
  header.faces = header.vertices = 1;
  EXPECT_NE(FakeParser(FakeParser::reply(header, "short")).error().find("no result"), std::string::npos);
  const Face face(0, 0, 1);
  std::string rest(12, '\0');
  rest.append(reinterpret_cast<const char*>(&face), sizeof(face));
  EXPECT_NE(FakeParser(FakeParser::reply(header, rest)).error().find("vertex 1 of 1"), std::string::npos);
}

TEST(ModelFaults, saysWhenTheParserIsNotInstalled) {
  const FakeParser parser("exit 0");
  ::setenv("PENUMBRA_IMPORT_WORKER", "/nonexistent/importer", 1);
  EXPECT_NE(parser.error().find("/nonexistent/importer"), std::string::npos);
}

TEST(ModelFaults, everyFileOfTheCollectionLoadsOrGivesOneSentence) {
  const fs::path collection = fs::path(PENUMBRA_SOURCE_DIR) / "../shared/data/broken";
  if (!fs::exists(collection)) GTEST_SKIP() << "no collection of broken files beside the repository";
  int read = 0;
  for (const auto& entry : fs::recursive_directory_iterator(collection)) {
    if (!entry.is_regular_file()) continue;
    outcome(entry.path());
    ++read;
  }
  EXPECT_GT(read, 100);
}

}  // namespace
}  // namespace penumbra
