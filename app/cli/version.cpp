#include <png.h>
#include <webp/encode.h>

#include <CLI/Version.hpp>
#include <Eigen/Core>
#include <assimp/version.h>
#include <glm/detail/setup.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/text.h"
#include "renderer/device_iteration.h"

#ifdef PENUMBRA_WITH_WINDOW
#include <GLFW/glfw3.h>
#include <imgui.h>
#endif

namespace penumbra {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string gigabytes(std::size_t bytes) { return fixedText(double(bytes) / 1e9, 1) + " GB"; }

nlohmann::ordered_json cudaJson() {
  const CudaStatus cuda = probeCuda();
  nlohmann::ordered_json json = {{"usable", cuda.available}};
  if (!cuda.name.empty()) json["card"] = cuda.name, json["memory_bytes"] = cuda.memory;
  if (!cuda.available) json["reason"] = cuda.reason;
  return json;
}

}  // namespace

std::string versionText() {
  const CudaStatus cuda = probeCuda();
  return "Penumbra " PENUMBRA_VERSION "\nCUDA: " + (cuda.available ? cuda.name + ", " + gigabytes(cuda.memory) : "not usable. " + cuda.reason);
}

std::string versionJson() {
  nlohmann::ordered_json libraries;
  libraries["assimp"] = dotted(int(aiGetVersionMajor()), int(aiGetVersionMinor()), int(aiGetVersionPatch()));
  libraries["cli11"] = CLI11_VERSION;
  libraries["eigen"] = dotted(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION);
  libraries["glm"] = dotted(GLM_VERSION_MAJOR, GLM_VERSION_MINOR, GLM_VERSION_PATCH);
  libraries["libpng"] = png_get_libpng_ver(nullptr);
  const int webp = WebPGetEncoderVersion();
  libraries["libwebp"] = dotted(webp >> 16, (webp >> 8) & 255, webp & 255);
  libraries["nlohmann_json"] =
      dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH);
#ifdef PENUMBRA_WITH_WINDOW
  libraries["glfw"] = glfwGetVersionString();
  libraries["imgui"] = ImGui::GetVersion();
#endif
  nlohmann::ordered_json json = {{"program", "penumbra"}, {"version", PENUMBRA_VERSION}, {"compiler", __VERSION__}};
#ifdef PENUMBRA_WITH_WINDOW
  json["window"] = true;
#else
  json["window"] = false;
#endif
  json["cuda"] = cudaJson();
  json["libraries"] = libraries;
  return json.dump(2);
}

}  // namespace penumbra
