#include <exception>
#include <iostream>
#include <new>

#include "app/cli/command_line.h"

namespace {

int fail(penumbra::ExitCode code, const std::string& text) {
  std::cerr << "penumbra: " << text << std::endl;
  return int(code);
}

}  // namespace

int main(int argc, char** argv) {
  using penumbra::ExitCode;
  try {
    const ExitCode code = penumbra::runCommandLine(argc, argv);
    if (!std::cout.flush()) return fail(ExitCode::Save, "Could not write to standard output.");
    return int(code);
  } catch (const penumbra::Error& error) {
    return fail(error.code(), error.full());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::Memory, "Out of memory. Try fewer views (--views) or smaller ones (--size).");
  } catch (const std::exception& error) {
    return fail(ExitCode::Internal, std::string("Internal error, please report it: ") + error.what());
  }
}
