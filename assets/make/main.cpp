// penumbra_make_assets FOLDER [NAME...]: makes the sample models anew, the same bits each time.
#include <cstring>
#include <filesystem>
#include <iostream>

#include "assets/make/models.h"
#include "optim/io/mesh_io.h"
#include "renderer/error.h"
#include "renderer/topology.h"

namespace {

bool isWanted(const char* name, int count, char** names) {
  if (count == 0) return true;
  for (int i = 0; i < count; ++i)
    if (std::strcmp(names[i], name) == 0) return true;
  return false;
}

void make(const penumbra::assets::NamedModel& model, const std::filesystem::path& folder) {
  const penumbra::Mesh mesh = penumbra::assets::build(model.make());
  const auto summary = penumbra::summarise(penumbra::buildTopology(int(mesh.positions.size()), mesh.faces));
  const auto path = folder / (std::string(model.name) + ".glb");
  penumbra::writeMesh(path, mesh);
  std::cout << path.string() << ": " << mesh.positions.size() << " vertices, " << mesh.faces.size() << " faces, "
            << summary.components << " component(s), genus " << summary.genus() << ", "
            << (summary.closed() && summary.inconsistentEdges == 0 ? "closed" : "NOT closed") << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "Usage: penumbra_make_assets FOLDER [avocado] [kettle] [tree]\n";
    return int(penumbra::ExitCode::Usage);
  }
  try {
    for (const auto& model : penumbra::assets::models())
      if (isWanted(model.name, argc - 2, argv + 2)) make(model, argv[1]);
  } catch (const penumbra::Error& error) {
    std::cerr << error.full() << "\n";
    return int(error.code());
  }
  return 0;
}
