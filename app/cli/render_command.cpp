#include <iostream>

#include "app/cli/commands.h"
#include "optim/io/dataset_io.h"
#include "optim/io/mesh_io.h"
#include "optim/targets/targets.h"

namespace penumbra {

void requireInput(const std::filesystem::path& path) {
  if (path.empty()) throw Error(ExitCode::Usage, "No model file or folder was named.", "See --help.");
  std::error_code failure;
  if (!std::filesystem::exists(path, failure))
    throw Error(ExitCode::Input, "There is no file or folder '" + path.string() + "'.", "Check the path.");
}

ExitCode runRender(const RenderArguments& a) {
  requireInput(a.input);
  if (a.output.empty()) throw Error(ExitCode::Usage, "render: no output folder was named.", "Add -o FOLDER.");
  ThreadPool pool(a.options.threads);
  const ViewSet views = makeViewSet(readMesh(a.input), a.input.stem().string(), a.options, pool);
  std::error_code failure;
  std::filesystem::create_directories(a.output, failure);
  if (failure)
    throw Error(ExitCode::Save, "Cannot make the folder '" + a.output.string() + "': " + failure.message() + ".");
  writeDataset(a.output, views);
  std::cout << views.train.size() << " views and " << views.heldOut.size() << " held-out views of " << a.options.size
            << " x " << a.options.size << " pixels\n"
            << a.output.string() << "\n";
  return ExitCode::Ok;
}

}  // namespace penumbra
