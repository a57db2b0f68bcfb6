// --help: usage, then every group of flags in aligned columns, wrapped to 100 characters.
#pragma once
#include <memory>

namespace CLI {
class FormatterBase;
}

namespace penumbra {

std::shared_ptr<CLI::FormatterBase> makeHelpFormatter();

}  // namespace penumbra
