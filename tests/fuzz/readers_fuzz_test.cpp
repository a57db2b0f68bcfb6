// Valid files with random damage go into every reader: they load or throw Error, nothing else, and soon.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "optim/io/dataset_io.h"
#include "optim/io/image_io.h"
#include "optim/io/mesh_io.h"
#include "renderer/error.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

// Numbers that parsers get wrong, as text and as bytes.
const std::string kNasty[] = {"0", "-1", "4294967295", "18446744073709551615", "1e999", "-1e-999", "nan", "null", "[", "{", "\"", "",
                              std::string("\xff\xff\xff\xff", 4), std::string("\0\0\0\0", 4), std::string("\0\0\0\x80", 4), std::string("\xff\xff\xff\x7f", 4)};

// One to four changes: flip, overwrite, insert, delete, repeat, cut, replace a run of digits.
class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}
  std::string operator()(std::string bytes) {
    for (std::size_t changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) change(bytes);
    return bytes;
  }

 private:
  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
  void change(std::string& bytes) {
    const std::size_t at = below(bytes.size()), length = std::min(bytes.size() - at, 1 + below(16));
    switch (below(7)) {
      case 0: bytes[at] = char(bytes[at] ^ (1 << below(8))); break;
      case 1: bytes[at] = char(random_()); break;
      case 2: bytes.insert(at, kNasty[below(std::size(kNasty))]); break;
      case 3: bytes.erase(at, length); break;
      case 4: bytes.insert(at, bytes.substr(at, length * 8)); break;
      case 5: if (below(4) == 0) bytes.resize(at); break;
      case 6: replaceNumber(bytes, at); break;
    }
  }
  void replaceNumber(std::string& bytes, std::size_t from) {
    const std::size_t start = bytes.find_first_of("0123456789", from);
    if (start == std::string::npos) return;
    const std::size_t end = std::min(bytes.find_first_not_of("0123456789.", start), bytes.size());
    bytes.replace(start, end - start, kNasty[below(std::size(kNasty))]);
  }

  std::mt19937 random_;
};

// PENUMBRA_FUZZ_CASES=100 multiplies the number of cases, for a long run.
int effort() {
  const char* text = std::getenv("PENUMBRA_FUZZ_CASES");
  return text != nullptr ? std::max(1, std::atoi(text)) : 1;
}

// How many of the damaged files loaded all the same. Anything thrown but Error fails the test by itself.
int survivors(int cases, const std::string& seedFile, const std::function<void(const std::string&)>& read) {
  int loaded = 0;
  cases *= effort();
  for (int i = 0; i < cases; ++i) {
    try {
      read(Mutator(std::uint32_t(i))(seedFile));
      ++loaded;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::Input) << "seed " << i << ": " << error.what();
      EXPECT_FALSE(std::string(error.what()).empty());
    } catch (const std::exception& error) {
      ADD_FAILURE() << "seed " << i << ": " << error.what();
    }
  }
  return loaded;
}

class FuzzModels : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, FuzzModels, testing::Values("obj", "ply", "stl", "glb"), [](const auto& test) { return std::string(test.param); });

TEST_P(FuzzModels, giveAMeshOrAnError) {
  const TemporaryFolder folder;
  const auto file = folder / ("a." + std::string(GetParam()));
  writeMesh(file, torusMesh(4, 3));
  survivors(40, contentOf(file), [&](const std::string& bytes) {
    folder.write(file.filename(), bytes);
    const Mesh mesh = readMesh(file);
    ASSERT_FALSE(mesh.faces.empty());
    for (const Face& face : mesh.faces)
      for (int corner = 0; corner < 3; ++corner) {
        ASSERT_GE(face[corner], 0);
        ASSERT_LT(std::size_t(face[corner]), mesh.positions.size());
      }
    for (const glm::vec3& p : mesh.positions) ASSERT_TRUE(std::isfinite(p.x) && std::isfinite(p.y) && std::isfinite(p.z));
  });
}

TEST(FuzzImages, giveAnImageOrAnError) {
  const TemporaryFolder folder;
  RgbaImage image(23, 17);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = {std::uint8_t(i), std::uint8_t(i * i), 7, std::uint8_t(i * 3)};
  const auto file = folder / "a.png";
  writePng(file, image);
  const int loaded = survivors(600, contentOf(file), [&](const std::string& bytes) {
    folder.write("a.png", bytes);
    const RgbaImage read = readPng(file);
    ASSERT_EQ(read.pixels.size(), std::size_t(read.width) * std::size_t(read.height));
  });
  EXPECT_LT(loaded, 300 * effort());  // checksums find nearly all damage
}

TEST(FuzzDatasets, giveViewsOrAnError) {
  const TemporaryFolder folder;
  ViewSet set;
  for (int i = 0; i < 3; ++i) {
    View view;
    view.camera = lookAt({3, i, 1}, {0, 0, 0}, {0, 0, 1}, 40, 8, 8);
    view.mask = Mask(8, 8);
    view.mask.at(4, 4) = 1;
    set.train.push_back(view);
  }
  writeDataset(folder.path(), set);
  const std::string json = contentOf(folder / "transforms.json");
  survivors(400, json, [&](const std::string& bytes) {
    folder.write("transforms.json", bytes);
    const ViewSet views = readDataset(folder.path(), {});
    ASSERT_FALSE(views.train.empty());
    for (const View& view : views.train) {
      ASSERT_TRUE(std::isfinite(view.camera.fx) && view.camera.fx > 0);
      ASSERT_TRUE(std::isfinite(glm::length(view.camera.translation)));
      ASSERT_EQ(view.mask.width, view.camera.width);
    }
  });
}

}  // namespace
}  // namespace penumbra
