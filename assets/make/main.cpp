// penumbra_make_assets FOLDER [NAME...]: makes the sample models and the icon anew, the same bits each time.
#include <filesystem>
#include <iostream>
#include <span>
#include <string_view>

#include "assets/make/icon.h"
#include "assets/make/models.h"
#include "optim/io/atomic_file.h"
#include "optim/io/mesh_io.h"
#include "renderer/error.h"
#include "renderer/topology.h"

namespace penumbra::assets {
namespace {

constexpr const char* kIcon = "icon";

void makeModel(const NamedModel& model, const std::filesystem::path& folder) {
  const Mesh mesh = build(model.make());
  const auto summary = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  const auto path = folder / (std::string(model.name) + ".glb");
  writeMesh(path, mesh);
  std::cout << path.string() << ": " << mesh.positions.size() << " vertices, " << mesh.faces.size() << " faces, "
            << summary.components << " component(s), genus " << summary.genus() << ", "
            << (summary.closed() && summary.inconsistentEdges == 0 ? "closed" : "NOT closed") << std::endl;
}

void makeIcon(const std::filesystem::path& folder) {
  const auto path = folder / "icon.svg";
  const std::string svg = iconSvg();
  writeFileAtomically(path, std::as_bytes(std::span(svg)));
  std::cout << path.string() << ": " << svg.size() << " bytes" << std::endl;
}

bool isKnown(std::string_view name) {
  for (const NamedModel& model : models())
    if (name == model.name) return true;
  return name == kIcon;
}

void make(const std::filesystem::path& folder, std::span<char*> names) {
  for (const char* name : names)
    if (!isKnown(name))
      throw Error(ExitCode::Usage, "There is no asset named " + std::string(name) + ".",
                  "Known are avocado, kettle, tree and icon.");
  const auto wanted = [&](std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const NamedModel& model : models())
    if (wanted(model.name)) makeModel(model, folder);
  if (wanted(kIcon)) makeIcon(folder);
}

}  // namespace
}  // namespace penumbra::assets

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "Usage: penumbra_make_assets FOLDER [avocado] [kettle] [tree] [icon]\n";
    return int(penumbra::ExitCode::Usage);
  }
  try {
    penumbra::assets::make(argv[1], std::span(argv + 2, std::size_t(argc - 2)));
  } catch (const penumbra::Error& error) {
    std::cerr << error.full() << "\n";
    return int(error.code());
  }
  return 0;
}
