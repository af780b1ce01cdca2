"""Ray's side of training: slots, worker groups and their placement groups.

Every process of a trial imports this package before anything of the user's.
"""

from mtl_search.source.module_path import restore_working_directory

restore_working_directory()
