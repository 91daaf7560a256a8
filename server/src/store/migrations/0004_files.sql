-- What each person has uploaded, summed up without a look at the rows; which files no message has.
CREATE INDEX files_by_owner ON files (owner, size);
CREATE INDEX message_files_by_file ON message_files (file);
