#include "tests/support/softras_case.h"

#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace penumbra {
namespace {

template <class Value> std::vector<Value> readArray(std::istream& in, std::size_t count) {
  std::vector<Value> values(count);
  in.read(reinterpret_cast<char*>(values.data()), std::streamsize(count * sizeof(Value)));
  if (!in) throw std::runtime_error("it ends too early");
  return values;
}

std::map<std::string, std::string> readHeader(std::istream& in) {
  std::map<std::string, std::string> header;
  std::string line;
  for (bool first = true; std::getline(in, line) && line != "end"; first = false) {
    const auto space = line.find(' ');
    if (space == std::string::npos || (first && line != "softras-case 1")) throw std::runtime_error("not a case");
    header[line.substr(0, space)] = line.substr(space + 1);
  }
  return header;
}

double number(const std::map<std::string, std::string>& header, const char* key) {
  std::istringstream in(header.at(key));
  in.imbue(std::locale::classic());
  double value;
  if (!(in >> value)) throw std::runtime_error(std::string("no number for ") + key);
  return value;
}

glm::dmat4 fromRows(const std::vector<double>& m) {
  glm::dmat4 result;
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 4; ++column) result[column][row] = m[4 * row + column];
  return result;
}

// ndc.x = P00 x / -z - P02 and pixel = (ndc.x + 1) W / 2; y likewise, but rows run down.
Camera cameraOf(const glm::dmat4& view, const glm::dmat4& projection, int width, int height) {
  Camera camera;
  setFromOpenGlPose(camera, glm::inverse(view));
  camera.width = width;
  camera.height = height;
  camera.fx = 0.5 * width * projection[0][0];
  camera.fy = 0.5 * height * projection[1][1];
  camera.cx = 0.5 * width * (1 - projection[2][0]);
  camera.cy = 0.5 * height * (1 + projection[2][1]);
  return camera;
}

SoftRasCase read(std::istream& in) {
  const auto header = readHeader(in);
  SoftRasCase result;
  result.name = header.at("name");
  result.sigma = number(header, "sigma");
  result.nearPlane = number(header, "near");
  const int width = int(number(header, "width")), height = int(number(header, "height"));
  const std::size_t vertices = std::size_t(number(header, "vertices")), faces = std::size_t(number(header, "faces"));
  const std::size_t pixels = std::size_t(width) * height;
  const auto points = [&] {
    const auto numbers = readArray<double>(in, 3 * vertices);
    std::vector<glm::dvec3> list;
    for (std::size_t v = 0; v < vertices; ++v) list.emplace_back(numbers[3 * v], numbers[3 * v + 1], numbers[3 * v + 2]);
    return list;
  };
  result.mesh.positions = points();
  const auto corners = readArray<std::int32_t>(in, 3 * faces);
  for (std::size_t f = 0; f < faces; ++f)
    result.mesh.faces.emplace_back(corners[3 * f], corners[3 * f + 1], corners[3 * f + 2]);
  const glm::dmat4 view = fromRows(readArray<double>(in, 16)), projection = fromRows(readArray<double>(in, 16));
  result.camera = cameraOf(view, projection, width, height);
  result.dL_dalpha = readArray<double>(in, pixels);
  result.alpha = readArray<double>(in, pixels);
  result.dL_dpositions = points();
  result.fragile = readArray<std::uint8_t>(in, pixels);
  return result;
}

}  // namespace

SoftRasCase readSoftRasCase(const std::string& name) {
  const std::string path = std::string(PENUMBRA_GOLDEN_DIR) + "/softras/" + name + ".case";
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + path);
  try {
    return read(in);
  } catch (const std::exception& problem) {
    throw std::runtime_error(path + ": " + problem.what());
  }
}

std::vector<std::string> softRasCaseNames() {
  return {"01_single_triangle", "02_two_overlap", "03_ico2_front",  "05_ico3_128",
          "07_thin",            "09_near_crossing", "10_degenerate", "12_nonsquare"};
}

}  // namespace penumbra
