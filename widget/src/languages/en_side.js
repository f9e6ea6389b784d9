/** English beside the conversation: what the lists and the menu say. */
export default {
  newChat: "New conversation",
  rename: "Rename",
  title: "Title",
  remove: "Delete",
  save: "Save",
  cancel: "Cancel",
  reallyRemove: "Delete this conversation for good?",
  empty: "No conversations yet.",
  exportData: "Download my data",
  download: "Save the file",
  eraseData: "Delete my data",
  reallyErase: "Delete everything you have written here, for good?",
  erased: "Your data has been deleted.",
};
